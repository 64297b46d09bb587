import { accumulateOf } from './balancers';
import type { DataProvider } from './data-provider';
import { finerTask } from './finer-labels';
import { buildSampler, stepsOf } from './optimization';
import type { ResolvedConfig } from './schema';
import type { TaskConfig } from './task-schema';
import { readSplit } from './train';

/** What is judged as one: a group of tasks, or a task in no group; with a config for it alone. */
export interface SingleTask {
  readonly unit: string;
  readonly config: ResolvedConfig;
}

/**
 * The configs of models that learn one task each (a group's tasks together), each with as many steps as show it the rows that it sees, on average, when all are trained together:
 * what a multi-task model is to be compared with.
 */
export async function singleTaskConfigs(config: ResolvedConfig, data: DataProvider): Promise<readonly SingleTask[]> {
  const sources = await readSplit(config, 'train', data);
  const sizes = sources.map(({ rows }) => rows.length);
  const { training } = config;
  const steps = stepsOf(
    config,
    sizes.reduce((sum, size) => sum + size, 0),
    sources.length,
  );
  const perStep = training.sourcesPerStep === 'all' ? sources.length : training.sourcesPerStep;
  const accumulate = accumulateOf(training);
  const draws = steps * accumulate * perStep;
  const sampler = buildSampler(training);
  // Schedules of a sampler are smooth: a hundred places say enough.
  const places = Array.from({ length: 100 }, (_, i) =>
    sampler.probabilities(sizes, Math.floor(((i + 0.5) * draws) / 100), draws, training.batchSize),
  );
  const shares = sizes.map((_, i) => places.reduce((sum, probabilities) => sum + probabilities[i]! / places.length, 0));
  const grouped = new Set(config.groups?.flatMap(({ tasks }) => tasks));
  const units = [
    ...(config.groups ?? []).map(({ name, tasks }) => ({ unit: name, tasks: config.tasks.filter((task) => tasks.includes(task.name)) })),
    ...config.tasks.filter(({ name }) => !grouped.has(name)).map((task) => ({ unit: task.name, tasks: [task] })),
  ];
  return units.map(({ unit, tasks }) => {
    const share = shares.reduce(
      (sum, own, i) => (sources[i]!.plan.tasks.some(({ name }) => tasks.some((task) => task.name === name)) ? sum + own : sum),
      0,
    );
    const own = training.sourcesPerStep === 'all' ? steps : Math.max(1, Math.round(steps * share));
    const evaluateEvery = Math.max(1, Math.round(((training.evaluateEvery ?? steps / 10) * own) / steps));
    const { groups, ...rest } = config;
    return {
      unit,
      config: {
        ...rest,
        name: unit,
        tasks: tasks.map((task) => withoutStrangers(task, tasks)),
        ...(groups?.some(({ name }) => name === unit) ? { groups: groups.filter(({ name }) => name === unit) } : {}),
        training: {
          ...training,
          epochs: undefined,
          steps: own,
          evaluateEvery,
          checkpointEvery: evaluateEvery,
          balancer: 'sum',
          balancerOptions: undefined,
          balanceAt: 'parameters',
          accumulate,
          // What it watches may be another task's.
          ...(training.earlyStopping ? { earlyStopping: { ...training.earlyStopping, metric: 'mean' } } : {}),
        },
      },
    };
  });
}

/** Finer labels are another task's, which may not be there. */
function withoutStrangers(task: TaskConfig, tasks: readonly TaskConfig[]): TaskConfig {
  const finer = finerTask(task);
  return finer === undefined || tasks.some(({ name }) => name === finer) ? task : ({ ...task, finer: undefined } as TaskConfig);
}
