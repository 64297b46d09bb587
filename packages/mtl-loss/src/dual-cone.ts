import { TaskloomError } from '@taskloom/core';
import type { PresentTasks } from './present-tasks';

export interface DualConeOptions {
  /** How much each task counts, in the order of the tasks. Default 1/T each. */
  readonly preference?: readonly number[];
  /** Added to the diagonal of the Gramian after it is divided by its trace, so that weights stay bounded where gradients nearly cancel. 0: the exact projection. Default 1e-4. */
  readonly regEps?: number;
  /** Gradients are taken for zero, so that nothing is projected, where the trace of the Gramian is below this. Default 1e-4. */
  readonly normEps?: number;
}

/** G/tr(G) + regEps·I, without its first term where tr(G) < normEps. */
export function regularized(gramian: Float64Array, count: number, { regEps = 1e-4, normEps = 1e-4 }: DualConeOptions): Float64Array {
  let trace = 0;
  for (let i = 0; i < count; i++) trace += gramian[i * count + i]!;
  const factor = trace > 0 && trace >= normEps ? 1 / trace : 0;
  return gramian.map((product, at) => product * factor + (at % (count + 1) === 0 ? regEps : 0));
}

/** The preference of the present tasks. */
export function preferred({ count, indices }: PresentTasks, preference: readonly number[] | undefined): Float64Array {
  if (preference === undefined) return new Float64Array(count).fill(1 / count);
  return Float64Array.from(indices, (i) => {
    const value = preference[i];
    if (value !== undefined && Number.isFinite(value) && value >= 0) return value;
    throw new TaskloomError('weight_missing', `There is no preference for task ${i}.`, {
      name: 'preference',
      expected: 'one finite number ≥ 0 a task',
      got: value,
    });
  });
}
