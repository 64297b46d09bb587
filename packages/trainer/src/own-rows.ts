import { flatten, isLeaf, mapTree, type Tree } from '@taskloom/core';
import { concat, gather, range, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import type { TensorBatch } from './forward';

/**
 * Whether it takes less to run each task on its own rows than all of them on all rows: a task's backward pass goes through every row of its forward pass. With m rows for a
 * task of T and N in all, 3 Σm against (1 + 2T) N.
 */
export function onOwnRows({ inputs, tasks }: TensorBatch, names: readonly string[]): boolean {
  const all = isLeaf(inputs) ? inputs : [...flatten(inputs as never).values()][0];
  const own = names.reduce((sum, task) => sum + tasks[task]!.index.size + (tasks[task]!.pair?.size ?? 0), 0);
  return all !== undefined && 3 * own < (1 + 2 * names.length) * (all as Tensor).shape[0]!;
}

/** The batch as it is for one task alone. */
export function ownRows({ inputs, tasks }: TensorBatch, task: string): TensorBatch {
  const own = tasks[task]!;
  const [count, pairs] = [own.index.size, own.pair?.size ?? 0];
  const rows = own.pair ? (concat([own.index, own.pair]) as Tensor1D) : own.index;
  const places = (start: number, size: number) => range(start, start + size, 1, 'int32');
  return {
    inputs: mapTree(inputs as Tree<Tensor>, (leaf) => gather(leaf, rows)) as Tree<Tensor>,
    tasks: { [task]: { ...own, index: places(0, count), ...(own.pair ? { pair: places(count, pairs) } : {}) } },
  };
}
