import { assertShape, TaskloomError } from '@taskloom/core';
import type { Tensor1D } from '@tensorflow/tfjs-core';

/** The parameters `name`, one a task. Throws `not_initialized` where `init` did not make them, `shape_mismatch` for those of another number of tasks. */
export function trained<N extends string>(
  method: string,
  losses: Tensor1D,
  parameters: { readonly [K in N]?: Tensor1D } | undefined,
  name: N,
): Tensor1D {
  const found = parameters?.[name];
  if (!found)
    throw new TaskloomError('not_initialized', `'${method}' was given no parameters.`, {
      name,
      expected: `[${losses.size}]`,
      remedy: 'Pass what init(tasks) returns, and train it with the model.',
    });
  assertShape(found.shape, losses.shape, name, `'${method}' was initialised for another number of tasks.`);
  return found;
}
