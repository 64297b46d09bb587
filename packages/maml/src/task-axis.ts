import { isLeaf, mapParams, type Params, TaskloomError, type Tree } from '@taskloom/core';
import { add, expandDims, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';

/**
 * `tasks` copies of every leaf along a new first axis: [...shape] becomes [tasks, ...shape]. Differentiable; a copy's gradients add up.
 * The caller owns the result.
 */
export function stackParams<P extends Params>(params: P, tasks: number): P {
  return tidy(() =>
    mapParams(params, (leaf) => {
      const row = expandDims(leaf, 0);
      return add(row, zeros([tasks, ...leaf.shape.map(() => 1)], leaf.dtype === 'int32' ? 'int32' : 'float32'));
    }),
  );
}

/** The size of the task axis: the first axis of the first leaf. */
export function countTasks(data: unknown): number {
  const leaf = firstLeaf(data);
  const tasks = leaf?.shape[0];
  if (tasks === undefined || tasks === 0)
    throw new TaskloomError('shape_mismatch', 'The support data of a batched MAML has no task axis.', {
      name: 'support',
      expected: 'tensors [tasks, …]',
      got: leaf ? `[${leaf.shape}]` : 'no tensor',
    });
  return tasks;
}

function firstLeaf(data: unknown): Tensor | undefined {
  if (isLeaf(data)) return data as Tensor;
  if (typeof data !== 'object' || data === null) return undefined;
  for (const value of Object.values(data as { [name: string]: Tree<Tensor> })) {
    const leaf = firstLeaf(value);
    if (leaf) return leaf;
  }
  return undefined;
}
