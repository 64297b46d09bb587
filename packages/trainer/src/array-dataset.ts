import { type HostArray, hostArray, isHostArray, mapTree, TaskloomError, type Tree } from '@taskloom/core';
import { rowsOf } from './join-batches';
import type { Dataset } from './types';

/** Examples held in arrays; the first axis of every one is the row. */
export interface ArraySource {
  readonly inputs: Tree<HostArray>;
  readonly tasks: {
    readonly [task: string]: {
      readonly target: Tree<HostArray>;
      /** [rows]; 0 marks a missing label. Default: 1 throughout. */
      readonly weight?: Float32Array;
    };
  };
}

/**
 * A data set from arrays: one task row per input row. A task that a source does not have gets weight 0 there, and targets of zeros. For pairs and for texts of different
 * length write a `Dataset` of your own. Throws `shape_mismatch` for a target with another number of rows than its inputs.
 */
export function arrayDataset(sources: { readonly [name: string]: ArraySource }): Dataset {
  const targets = new Map<string, Tree<HostArray>>();
  for (const { inputs, tasks } of Object.values(sources)) {
    for (const [task, { target, weight }] of Object.entries(tasks)) {
      targets.set(task, target);
      const [rows, got] = [rowsOf(inputs), [rowsOf(target), weight?.length ?? rowsOf(target)]];
      if (got.some((count) => count !== rows))
        throw new TaskloomError('shape_mismatch', `Task '${task}' has another number of rows than its inputs.`, {
          name: task,
          expected: rows,
          got,
        });
    }
  }
  return {
    sources: Object.entries(sources).map(([name, { inputs, tasks }]) => ({ name, size: rowsOf(inputs), tasks: Object.keys(tasks) })),
    batch(source, rows, size) {
      const { inputs, tasks } = sources[source]!;
      const index = hostArray(Int32Array.from({ length: size }, (_, i) => i));
      const taskRows = [...targets].map(([task, example]) => {
        const own = tasks[task];
        const weight = Float32Array.from({ length: size }, (_, i) => (own && i < rows.length ? (own.weight?.[rows[i]!] ?? 1) : 0));
        const chosen = own ? rows : new Int32Array(0);
        return [task, { index, target: gathered(own?.target ?? example, chosen, size), weight: hostArray(weight) }];
      });
      return { inputs: gathered(inputs, rows, size), tasks: Object.fromEntries(taskRows) };
    },
  };
}

/** The rows of all leaves, then zeros up to `size`. */
function gathered(tree: Tree<HostArray>, rows: Int32Array, size: number): Tree<HostArray> {
  const gather = ({ dtype, shape, data }: HostArray): HostArray => {
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    const out = new (dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array)(size * width);
    for (const [i, row] of rows.entries()) out.set(data.subarray(row * width, (row + 1) * width), i * width);
    return { dtype, shape: [size, ...shape.slice(1)], data: out };
  };
  return isHostArray(tree) ? gather(tree) : (mapTree(tree, gather) as Tree<HostArray>);
}
