import { type Balancer, eager, matcher, TaskloomError } from '@taskloom/core';
import { judgingPlan } from './groups';
import { proportional } from './samplers';
import type { FeatureFitOptions, FitOptions } from './types';

export type Plan = ReturnType<typeof planOf>;

/** The options with their defaults, checked. */
export function planOf(options: FitOptions | FeatureFitOptions) {
  const {
    steps,
    batchSize,
    accumulate = comparedBy(options.balancer),
    sourcesPerStep = 1,
    keep = 2,
    ema,
    average,
    clipNorm,
    stepsPerEpoch,
    evaluateEvery = 'epoch',
    checkpointEvery,
  } = options;
  const tasks = Object.keys(options.model.heads);
  for (const [name, value] of Object.entries({ steps, batchSize, accumulate, keep, stepsPerEpoch, checkpointEvery }))
    if (value !== undefined) assertCount(name, value);
  const compared = comparedBy(options.balancer);
  if (accumulate % compared !== 0)
    throw new TaskloomError(
      'bad_option',
      `'${options.balancer!.name}' compares ${compared} batches, which the micro-batches of a step are divided into.`,
      {
        name: 'accumulate',
        expected: `a multiple of ${compared}`,
        got: accumulate,
      },
    );
  assertFeatures(options);
  assertTables(options);
  if (sourcesPerStep !== 'all') assertCount('sourcesPerStep', sourcesPerStep);
  if (evaluateEvery !== 'epoch') assertCount('evaluateEvery', evaluateEvery);
  if (ema !== undefined && !(ema > 0 && ema < 1))
    throw new TaskloomError('bad_option', "'ema' is a decay.", { name: 'ema', expected: '0 < ema < 1', got: ema });
  assertAverage(options);
  if (clipNorm !== undefined && !(clipNorm > 0))
    throw new TaskloomError('bad_option', "'clipNorm' is a norm.", { name: 'clipNorm', expected: 'a number > 0', got: clipNorm });
  if (tasks.length === 0) throw new TaskloomError('no_tasks', 'The model has no task.', { name: 'model' });
  const names = new Set<string>();
  for (const { name } of options.train.sources) {
    if (names.has(name))
      throw new TaskloomError('bad_option', `Two sources are called '${name}'.`, {
        name: 'train',
        remedy: 'Give each source a name of its own.',
      });
    names.add(name);
  }
  const size = options.train.sources.reduce((sum, source) => sum + source.size, 0);
  if (size === 0) throw new TaskloomError('no_rows', 'The training data is empty.', { name: 'train' });
  const filled = options.train.sources.filter((source) => source.size > 0).length;
  const draws = sourcesPerStep === 'all' ? filled : sourcesPerStep;
  const selected = matcher(options.wrt ?? '**');
  const frozen = options.freeze === undefined ? () => false : matcher(options.freeze);
  assertMetrics(options);
  const { metric = 'mean', patience = options.earlyStopping ? 5 : Number.POSITIVE_INFINITY, minDelta = 0 } = options.earlyStopping ?? {};
  return {
    ...options,
    tasks,
    accumulate,
    compared,
    sourcesPerStep,
    keep,
    average: average && { every: 10, ...average },
    evaluateEvery,
    seed: options.seed ?? 0,
    executor: options.executor ?? eager(),
    sampler: options.sampler ?? proportional(),
    callbacks: options.callbacks ?? [],
    evaluationBatchSize: options.evaluationBatchSize ?? batchSize,
    draws: steps * accumulate * draws,
    rowsPerStep: batchSize * accumulate * draws,
    stepsPerEpoch: stepsPerEpoch ?? Math.max(1, Math.ceil(size / (batchSize * accumulate * draws))),
    learningRateAt: typeof options.learningRate === 'number' ? () => options.learningRate as number : options.learningRate,
    wrt: (path: string) => selected(path) && !frozen(path),
    earlyStopping: { metric, patience, minDelta },
  };
}

function assertCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new TaskloomError('bad_option', `'${name}' must be a whole number of 1 or more.`, { name, got: value });
}

function assertAverage({ average, ema, steps }: FitOptions | FeatureFitOptions): void {
  if (!average) return;
  const { from, every = 10 } = average;
  assertCount('average.every', every);
  if (!Number.isInteger(from) || from < 0 || from + every > steps)
    throw new TaskloomError('bad_option', 'The average is of no step.', {
      name: 'average.from',
      got: from,
      expected: `a whole number from 0 to steps − every, ${steps - every}`,
    });
  if (ema !== undefined)
    throw new TaskloomError('bad_option', 'Two averages of the parameters.', {
      name: 'average',
      remedy: "Give 'average' or 'ema', not both.",
    });
}

/** How many batches a step compares. */
function comparedBy(balancer: FitOptions['balancer']): number {
  return balancer?.kind === 'jacobian-method' ? (balancer.batches ?? 1) : 1;
}

/** What the types of `fit` say already. */
function assertFeatures({ at, balancer }: FitOptions | FeatureFitOptions): void {
  if (at !== 'features' || (balancer && 'features' in balancer && balancer.features)) return;
  throw new TaskloomError('unsupported', `'${balancer?.name ?? 'sum'}' cannot balance gradients at the shared representation.`, {
    name: 'at',
    got: at,
    remedy: "Take a balancer whose weights are sound there (it says `features: true`), or at: 'parameters'.",
  });
}

/** Whether a balancer keeps gradients of all parameters, or asks for losses after a step. */
export function needsWholeTables(balancer: Balancer): boolean {
  return balancer.kind === 'jacobian-method' || (balancer.kind === 'loss-weighting' && balancer.afterStep !== undefined);
}

/** Rows that a step does not name have no gradient there, no average and no new value. */
function assertTables({ model, tableOptimizer, ema, balancer }: FitOptions | FeatureFitOptions): void {
  if (!tableOptimizer) return;
  if (!model.trunk.tables)
    throw new TaskloomError('unsupported', 'The trunk does not say which tables its inputs name rows of.', {
      name: 'tableOptimizer',
      remedy: 'Take a trunk with `tables` (bagOfEmbeddings, recurrent, textCNN, transformer), or leave the option out.',
    });
  const keeps = balancer && needsWholeTables(balancer);
  if (ema === undefined && !keeps) return;
  throw new TaskloomError('unsupported', `${keeps ? `'${balancer.name}'` : 'A moving average'} needs whole tables in each step.`, {
    name: keeps ? 'balancer' : 'ema',
    remedy: "Leave out 'tableOptimizer', so that whole tables are trained.",
  });
}

/** What a resumed run must share with the one it goes on from; steps, learning rate and evaluation may change. */
export function setupOf(plan: Plan) {
  const { sampler, balancer, at, tableOptimizer, train, average } = plan;
  return {
    tasks: plan.tasks,
    seed: plan.seed,
    batchSize: plan.batchSize,
    accumulate: plan.accumulate,
    sourcesPerStep: plan.sourcesPerStep,
    stepsPerEpoch: plan.stepsPerEpoch,
    sampler: sampler.name,
    balancer: `${balancer?.name ?? 'sum'}${at === 'features' ? ' at features' : ''}`,
    ...(tableOptimizer ? { tableOptimizer: tableOptimizer.name } : {}),
    ...(average ? { average } : {}),
    sources: train.sources.map(({ name, size }) => ({ name, size })),
  };
}

/** Before anything is made: all metrics exist, groups can be judged, and the watched metric is among them. */
function assertMetrics({ model, metrics, groups, earlyStopping }: FitOptions | FeatureFitOptions): void {
  const plan = judgingPlan(model.heads, { metrics, groups });
  const watched = [
    'mean',
    ...[...plan.tasks, ...plan.groups].flatMap(({ name, metrics }) => [`${name}/loss`, ...metrics.map(([metric]) => `${name}/${metric}`)]),
  ];
  const metric = earlyStopping?.metric;
  if (metric !== undefined && !watched.includes(metric))
    throw new TaskloomError('unknown_metric', `'${metric}' is not evaluated.`, {
      name: 'earlyStopping.metric',
      got: metric,
      expected: watched,
    });
}
