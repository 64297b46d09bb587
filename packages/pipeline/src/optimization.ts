import { type Balancer, type Optimizer, TaskloomError } from '@taskloom/core';
import {
  adagrad,
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  cosine,
  linear,
  lion,
  nadam,
  radam,
  rmsprop,
  type Schedule,
  scaleByPath,
  sgd,
  warmup,
} from '@taskloom/core/optimizers';
import { fixed, uncertainty } from '@taskloom/mtl-loss';
import { annealed, proportional, roundRobin, type Sampler, temperature, uniform, uniMax } from '@taskloom/trainer';
import { accumulateOf, balancers } from './balancers';
import { fittedApart } from './linear-part';
import type { ResolvedConfig } from './schema';
import type { TaskConfig } from './task-schema';
import { tableOptimizerOf } from './touched-tables';
import type { TrainingConfig } from './training-schema';

/** What moves the parameters, and where tables are moved by their rows, what moves those; a gradient is clipped over all of them. */
export function buildOptimizers(training: TrainingConfig) {
  const { optimizer, weightDecay, clipNorm, learningRates } = training;
  const makers: { readonly [name in TrainingConfig['optimizer']]: () => Optimizer } = {
    adamw: () => adamw({ weightDecay }),
    lion: () => lion({ weightDecay }),
    adam: () => adam(),
    sgd: () => sgd({ momentum: 0.9 }),
    rmsprop: () => rmsprop(),
    adagrad: () => adagrad(),
    radam: () => radam(),
    nadam: () => nadam(),
  };
  const chosen = learningRates ? chain(makers[optimizer](), scaleByPath(learningRates)) : makers[optimizer]();
  const tableOptimizer = tableOptimizerOf(training);
  if (tableOptimizer) return { optimizer: chosen, tableOptimizer, ...(clipNorm > 0 ? { clipNorm } : {}) };
  return { optimizer: clipNorm > 0 ? chain(clipByGlobalNorm(clipNorm), chosen) : chosen };
}

export function buildSchedule({ learningRate, schedule, warmup: rising }: TrainingConfig, steps: number): Schedule {
  const rise = Math.round(rising * steps);
  const rest = Math.max(1, steps - rise);
  const then =
    schedule === 'cosine'
      ? cosine({ from: learningRate, steps: rest })
      : schedule === 'linear'
        ? linear({ from: learningRate, steps: rest })
        : () => learningRate;
  return rise > 0 ? warmup(then, { steps: rise, from: learningRate / rise }) : then;
}

export function buildSampler({ sampler, temperature: t }: TrainingConfig): Sampler {
  switch (sampler) {
    case 'proportional':
      return proportional();
    case 'temperature':
      return temperature(t);
    case 'annealed':
      return annealed({ end: t });
    case 'uniform':
      return uniform();
    case 'roundRobin':
      return roundRobin();
    case 'uniMax':
      return uniMax();
  }
}

/** What `fit` is told of how a config is trained, wherever it is trained. */
export function optimizationOf(resolved: ResolvedConfig, steps: number) {
  const { training, seed } = resolved;
  return {
    ...buildOptimizers(training),
    learningRate: buildSchedule(training, steps),
    steps,
    batchSize: training.batchSize,
    sampler: buildSampler(training),
    sourcesPerStep: training.sourcesPerStep,
    accumulate: accumulateOf(training),
    // The schema has seen to it that the balancer is sound there.
    ...({ at: training.balanceAt, balancer: buildBalancer(resolved) } as { readonly balancer: Balancer }),
    freeze: fittedApart(resolved),
    seed,
  };
}

export function buildBalancer({ training, tasks }: ResolvedConfig): Balancer {
  const weights = Object.fromEntries(tasks.map((task) => [task.name, task.weight]));
  const weighted = tasks.some((task) => task.weight !== 1);
  if (weighted && training.balancer !== 'sum')
    throw new TaskloomError('bad_config', `Tasks have weights, and '${training.balancer}' finds its own.`, {
      name: 'training.balancer',
      remedy: "Leave out the tasks' weights, or take 'sum'.",
    });
  if (weighted) return fixed(weights);
  for (const [name, value] of Object.entries(training.balancerOptions ?? {}))
    if (Array.isArray(value) && value.length !== tasks.length)
      throw new TaskloomError('bad_config', `'${name}' has ${value.length} numbers for ${tasks.length} tasks.`, {
        name: `training.balancerOptions.${name}`,
        expected: tasks.map((task) => task.name),
      });
  // What a task's loss is stands in the config already.
  const kinds = Object.fromEntries(tasks.map((task) => [task.name, lossKind(task)]));
  if (training.balancer === 'uncertainty') return uncertainty({ kinds, ...training.balancerOptions });
  return balancers.get(training.balancer)!(training.balancerOptions);
}

/** Whether a task's loss is a squared error (nearly, for Huber's) or a cross-entropy: uncertainty weighs the two differently. */
function lossKind(task: TaskConfig): 'regression' | 'classification' {
  const squared = task.head === 'regression' || (task.head === 'pairSimilarity' && task.output === 'score' && task.range === undefined);
  return squared ? 'regression' : 'classification';
}

/** Updates of the whole run: `steps`, or so many passes over all rows. */
export function stepsOf({ training }: ResolvedConfig, rows: number, sources: number): number {
  if (training.steps !== undefined) return training.steps;
  const draws = training.sourcesPerStep === 'all' ? sources : training.sourcesPerStep;
  const rowsPerStep = training.batchSize * draws * accumulateOf(training);
  return Math.max(1, Math.ceil(((training.epochs ?? 10) * rows) / rowsPerStep));
}
