import { type DataProvider, type ResolvedConfig, resolveConfig, singleTaskConfigs } from '@taskloom/pipeline';
import { type Evaluation, higherIsBetter, type MethodSummary, type StudyRun, summarizeStudy } from '@taskloom/trainer';
import type { Asked } from './methods';
import type { Trial } from './trials';

export interface ComparisonPlan {
  readonly config: ResolvedConfig;
  readonly data: DataProvider;
  readonly methods: readonly Asked[];
  readonly seeds: readonly number[];
  /** Factors of the config's learning rate. */
  readonly grid: readonly number[];
  /** Whether every method gets the grid, or the sum alone and all others its choice. */
  readonly tune: 'sum' | 'all';
  /** Whether single-task models are trained. */
  readonly single: boolean;
}

export interface Unit {
  readonly metric: string;
  readonly higherIsBetter: boolean;
}

export interface MethodCost {
  readonly learningRate: number;
  /** The rate is the least or greatest of the grid: a better one may lie beyond. */
  readonly atEdge: boolean;
  readonly stepsPerSecond: number;
  /** The process's greatest in its trainings, in bytes; what earlier ones left is in it. */
  readonly memory: number;
}

export interface StudyResult {
  readonly units: { readonly [unit: string]: Unit };
  readonly summary: readonly (MethodSummary & Partial<MethodCost>)[];
  /** The single-task models' scores, under each unit. */
  readonly single?: MethodSummary['units'];
  readonly seeds: readonly number[];
  readonly steps: number;
}

type Run = (id: string, config: ResolvedConfig) => Promise<Trial | undefined>;

/** The trainings of a comparison as (id, config), in an order that tells most first; their number is known before any is run. */
export function trialCount({ config, methods, seeds, grid, tune, single }: ComparisonPlan): number {
  const grouped = config.groups?.flatMap(({ tasks }) => tasks).length ?? 0;
  const units = (config.groups?.length ?? 0) + config.tasks.length - grouped;
  // The first seed of the chosen rate is one of the grid.
  const tuned = tune === 'all' ? methods.length : 1;
  return tuned * (grid.length - 1) + methods.length * seeds.length + (single ? units * seeds.length : 0);
}

/** Runs all trainings of a plan through `run`; `undefined` where one was interrupted. */
export async function study(plan: ComparisonPlan, run: Run): Promise<StudyResult | undefined> {
  const { config, methods, seeds, single } = plan;
  const runs: Record<string, StudyRun[]> = {};
  const costs: Record<string, MethodCost> = {};
  let units: StudyResult['units'] = {};
  let sumRate: number | undefined;
  let steps = 0;
  for (const method of methods) {
    const rate: number | undefined = plan.tune === 'all' || sumRate === undefined ? await bestRate(plan, method, run) : sumRate;
    if (rate === undefined) return undefined;
    sumRate ??= rate;
    const trials: Trial[] = [];
    for (const seed of seeds) {
      const trial = await run(...trialOf(config, method, rate, seed));
      if (!trial) return undefined;
      trials.push(trial);
    }
    units = unitsOf(config, trials[0]!.evaluation);
    runs[method.label] = trials.map(({ evaluation }, i) => ({ seed: seeds[i]!, scores: scoresOf(units, evaluation) }));
    steps = trials[0]!.steps;
    costs[method.label] = {
      learningRate: rate,
      atEdge: plan.grid.length > 1 && [Math.min(...plan.grid), Math.max(...plan.grid)].some((factor) => rateOf(config, factor) === rate),
      stepsPerSecond: trials.reduce((sum, trial) => sum + trial.steps, 0) / trials.reduce((sum, trial) => sum + trial.seconds, 0),
      memory: Math.max(...trials.map(({ memory }) => memory)),
    };
  }
  let alone: StudyRun[] | undefined;
  if (single) {
    alone = seeds.map((seed) => ({ seed, scores: {} }));
    for (const { unit, config: own } of await singleTaskConfigs(withRate(config, sumRate!), plan.data)) {
      for (const [i, seed] of seeds.entries()) {
        const trial = await run(`single/${unit}/seed-${seed}`, resolved({ ...own, seed }));
        if (!trial) return undefined;
        Object.assign(alone[i]!.scores, scoresOf({ [unit]: units[unit]! }, trial.evaluation));
      }
    }
  }
  const given = { units, methods: runs, baseline: methods[0]!.label, ...(alone ? { single: alone } : {}) };
  const summary = summarizeStudy(given).map((row) => ({ ...row, ...costs[row.method] }));
  const reference = alone && summarizeStudy({ ...given, methods: { single: alone }, baseline: 'single' })[0]!.units;
  return { units, summary, seeds, steps, ...(reference ? { single: reference } : {}) };
}

/** By the mean validation score of the first seed; `undefined` where it was interrupted. */
async function bestRate({ config, grid, seeds }: ComparisonPlan, method: Asked, run: Run): Promise<number | undefined> {
  let best: { rate: number; score: number } | undefined;
  for (const factor of grid) {
    const rate = rateOf(config, factor);
    if (grid.length === 1) return rate;
    const trial = await run(...trialOf(config, method, rate, seeds[0]!));
    if (!trial) return undefined;
    if (!best || trial.validation > best.score) best = { rate, score: trial.validation };
  }
  return best?.rate;
}

function rateOf({ training }: ResolvedConfig, factor: number): number {
  return Number((training.learningRate * factor).toPrecision(6));
}

function trialOf(
  config: ResolvedConfig,
  { label, balancer, balancerOptions }: Asked,
  rate: number,
  seed: number,
): [string, ResolvedConfig] {
  const training = { ...config.training, learningRate: rate, balancer, balancerOptions };
  // Weights of one's own are a tuned sum's; every other method finds weights itself.
  const tasks = balancer === 'sum' ? config.tasks : config.tasks.map((task) => ({ ...task, weight: 1 }));
  return [`${label}/rate-${rate}/seed-${seed}`, resolved({ ...config, seed, tasks, training } as ResolvedConfig)];
}

function withRate(config: ResolvedConfig, learningRate: number): ResolvedConfig {
  return { ...config, training: { ...config.training, learningRate } };
}

/** As it is read back from a file. */
function resolved(config: ResolvedConfig): ResolvedConfig {
  return resolveConfig(JSON.parse(JSON.stringify(config)));
}

/** Groups, and tasks in no group, by their first metric. */
function unitsOf(config: ResolvedConfig, { tasks, groups = {} }: Evaluation): StudyResult['units'] {
  const grouped = new Set(config.groups?.flatMap((group) => group.tasks));
  const judged = [...Object.entries(groups), ...Object.entries(tasks).filter(([task]) => !grouped.has(task))];
  return Object.fromEntries(
    judged.flatMap(([unit, { metrics }]) => {
      const metric = Object.keys(metrics)[0];
      return metric === undefined ? [] : [[unit, { metric, higherIsBetter: higherIsBetter(metric) }]];
    }),
  );
}

function scoresOf(units: StudyResult['units'], { tasks, groups = {} }: Evaluation): { [unit: string]: number } {
  return Object.fromEntries(Object.entries(units).map(([unit, { metric }]) => [unit, (groups[unit] ?? tasks[unit])!.metrics[metric]!]));
}
