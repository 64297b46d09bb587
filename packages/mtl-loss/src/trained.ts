import { assertShape, TaskloomError } from '@taskloom/core';
import type { Tensor1D } from '@tensorflow/tfjs-core';

/** The parameters `name`, one a task. Throws `not_initialized` where `init` did not make them, `shape_mismatch` for those of another number of tasks. */
export function trained<N extends string>(
  method: string,
  losses: Tensor1D,
  parameters: { readonly [K in N]?: Tensor1D } | undefined,
  name: N,
): Tensor1D {
  const found = initialized<Tensor1D>(method, parameters?.[name], name);
  assertShape(found.shape, losses.shape, name, `'${method}' was initialised for another number of tasks.`);
  return found;
}

export function initialized<Value>(method: string, value: Value | undefined, name: string): Value {
  if (value !== undefined) return value;
  throw new TaskloomError('not_initialized', `'${method}' does not know its tasks yet.`, {
    name,
    remedy: 'Call init(tasks) first, and train what it returns.',
  });
}
