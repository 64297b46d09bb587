import type { PresentTasks } from './present-tasks';
import { trace } from './products';
import { type TaskValues, taskValue } from './task-values';

export interface DualConeOptions {
  /** How much each task counts, by name or in the order of the tasks. Default 1/T each. */
  readonly preference?: TaskValues;
  /** Added to the diagonal of the Gramian after it is divided by its trace, so that weights stay bounded where gradients nearly cancel. 0: the exact projection. Default 1e-4. */
  readonly regEps?: number;
  /** Gradients are taken for zero, so that nothing is projected, where the trace of the Gramian is below this. Default 1e-4. */
  readonly normEps?: number;
}

/** G/tr(G) + regEps·I, without its first term where tr(G) < normEps. */
export function regularized(gramian: Float64Array, count: number, { regEps = 1e-4, normEps = 1e-4 }: DualConeOptions): Float64Array {
  const size = trace(gramian, count);
  const factor = size > 0 && size >= normEps ? 1 / size : 0;
  return gramian.map((product, at) => product * factor + (at % (count + 1) === 0 ? regEps : 0));
}

const notNegative = { expected: 'a finite number ≥ 0', holds: (value: number) => value >= 0 };

/** The preference of the present tasks. */
export function preferred({ count, indices, context }: PresentTasks, preference: TaskValues | undefined): Float64Array {
  return Float64Array.from(indices, (i, k) =>
    preference ? taskValue(preference, context.tasks[k]!, i, 'preference', notNegative) : 1 / count,
  );
}
