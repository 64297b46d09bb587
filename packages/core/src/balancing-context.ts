import type { BalancingContext } from './balancing';
import { assertShape } from './error';
import { hostRandom } from './host-random';

/** What is known of a step; all of it has a default. */
export interface ContextOptions {
  /** Task names in the order of losses and Gramian rows, or how many there are (then they are called '0', '1', …). */
  readonly tasks: readonly string[] | number;
  /** Counts from 0. Default 0. */
  readonly step?: number;
  /** Counts from 0. Default 0. */
  readonly epoch?: number;
  /** 1 where the task has labelled rows in this step, else 0. Default: all present. */
  readonly present?: ArrayLike<number>;
  /** Default: all 1. */
  readonly losses?: ArrayLike<number>;
  /** Of the draws, which also depend on `step` and on their name. Default 0. */
  readonly seed?: number | string;
}

/** A `BalancingContext` for whoever calls a balancer, as the trainer does. Same options, same draws. */
export function balancingContext({ tasks: given, step = 0, epoch = 0, present, losses, seed = 0 }: ContextOptions): BalancingContext {
  const tasks = typeof given === 'number' ? Array.from({ length: given }, (_, i) => String(i)) : given;
  const stream = hostRandom(seed).fold('balancing').fold(step);
  return {
    step,
    epoch,
    tasks,
    present: perTask('present', present, tasks.length),
    losses: perTask('losses', losses, tasks.length),
    uniform: (name, count) => Float64Array.from(stream.fold(name).uniform(count)),
    normal: (name, count) => Float64Array.from(stream.fold(name).normal(count)),
  };
}

function perTask(name: string, values: ArrayLike<number> | undefined, count: number): Float64Array {
  if (values === undefined) return new Float64Array(count).fill(1);
  assertShape([values.length], [count], name, 'It has one number a task.');
  return Float64Array.from(values);
}
