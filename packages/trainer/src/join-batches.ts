import { flatten, type HostArray, type HostBatch, hostArray, isHostArray, mapTree, TaskloomError, type Tree } from '@taskloom/core';

/**
 * Several batches as one: rows one after the other, each task's `index` and `pair` moved along. Where the batches differ in another axis
 * (buckets of different length) the shorter ones are padded: inputs with 0, the id of padding, integer targets with −1, which tagging ignores.
 * All must name the same tasks with the same trees.
 *
 * With `rowsPerTask` each task has as many rows of each batch, the missing ones with weight 0: where it changes from step to step which tasks have labels, shapes then do not, and a
 * compiled step is traced once.
 */
export function joinBatches(batches: readonly HostBatch[], rowsPerTask = 0): HostBatch {
  const [first, ...others] = batches;
  if (!first) throw new TaskloomError('bad_option', 'There is no batch to join.', { name: 'batches' });
  if (others.length === 0) return first;
  let rows = 0;
  const offsets = batches.map((batch) => {
    const offset = rows;
    rows += rowsOf(batch.inputs);
    return offset;
  });
  const tasks = Object.fromEntries(
    Object.keys(first.tasks).map((task) => {
      const parts = batches.map((batch) => batch.tasks[task] && atLeast(batch.tasks[task], rowsPerTask));
      if (!parts.every((part) => part !== undefined))
        throw new TaskloomError('structure_mismatch', `A batch does not name task '${task}'.`, {
          name: task,
          remedy: 'Every batch names every task.',
        });
      const moved = (leaf: 'index' | 'pair') =>
        concatRows(
          parts.map((part, i) => shifted(part[leaf]!, offsets[i]!)),
          0,
          `${task}/${leaf}`,
        );
      return [
        task,
        {
          index: moved('index'),
          ...(parts.every((part) => part.pair) ? { pair: moved('pair') } : {}),
          target: joinTrees(
            parts.map((part) => part.target),
            -1,
            `${task}/target`,
          ),
          weight: concatRows(
            parts.map((part) => part.weight),
            0,
            `${task}/weight`,
          ),
        },
      ];
    }),
  );
  return {
    inputs: joinTrees(
      batches.map((batch) => batch.inputs),
      0,
      'inputs',
    ),
    tasks,
  };
}

/** A task's part of a batch with rows of weight 0 up to a number. */
function atLeast(part: HostBatch['tasks'][string], rows: number): HostBatch['tasks'][string] {
  const missing = rows - part.weight.data.length;
  if (missing <= 0) return part;
  const first = (leaf: HostArray) => extended(leaf, missing, leaf.data[0] ?? 0);
  return {
    index: first(part.index),
    ...(part.pair ? { pair: first(part.pair) } : {}),
    target: mapTree(part.target, (leaf) => extended(leaf, missing, 0)) as Tree<HostArray>,
    weight: extended(part.weight, missing, 0),
  };
}

function extended(leaf: HostArray, rows: number, value: number): HostArray {
  const shape = [leaf.shape[0]! + rows, ...leaf.shape.slice(1)];
  const size = shape.reduce((a, b) => a * b, 1);
  const data = new (leaf.data.constructor as Float32ArrayConstructor)(size).fill(value);
  data.set(leaf.data);
  return { ...leaf, data, shape };
}

/** N, the number of rows that the trunk encodes. */
export function rowsOf(inputs: Tree<HostArray>): number {
  if (isHostArray(inputs)) return inputs.shape[0] ?? 0;
  const [leaf] = flatten(inputs).values();
  return leaf?.shape[0] ?? 0;
}

function joinTrees(trees: readonly Tree<HostArray>[], padding: number, name: string): Tree<HostArray> {
  const leaves = trees.map((tree) => (isHostArray(tree) ? new Map([['', tree]]) : flatten(tree)));
  return mapTree(trees[0]!, (_, path) => {
    const parts = leaves.map((flat) => flat.get(path));
    if (parts.some((part) => !part))
      throw new TaskloomError('structure_mismatch', `The batches differ at '${name}/${path}'.`, {
        name: `${name}/${path}`,
        remedy: 'Join batches of one data set.',
      });
    return concatRows(parts as HostArray[], padding, `${name}/${path}`);
  }) as Tree<HostArray>;
}

function shifted(leaf: HostArray, offset: number): HostArray {
  return offset === 0 ? leaf : { ...leaf, data: Int32Array.from(leaf.data, (row) => row + offset) };
}

/** Concatenation along the first axis; other axes grow to the largest. */
function concatRows(parts: readonly HostArray[], padding: number, name: string): HostArray {
  const { dtype, shape } = parts[0]!;
  const odd = parts.find((part) => part.dtype !== dtype || part.shape.length !== shape.length);
  if (odd)
    throw new TaskloomError('shape_mismatch', `'${name}' differs between the batches.`, {
      name,
      expected: `${dtype} [${shape}]`,
      got: `${odd.dtype} [${odd.shape}]`,
    });
  const rest = shape.slice(1).map((_, axis) => Math.max(...parts.map((part) => part.shape[axis + 1]!)));
  const rows = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  const rowSize = rest.reduce((a, b) => a * b, 1);
  const data = new (dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array)(rows * rowSize);
  if (dtype === 'int32' && padding !== 0) data.fill(padding);
  let offset = 0;
  for (const part of parts) {
    place(part, data, offset, rest);
    offset += part.shape[0]! * rowSize;
  }
  return { ...hostArray(data, [rows, ...rest]), dtype };
}

/** Copies a part's innermost runs to their places among axes of sizes `rest`. */
function place(part: HostArray, into: HostArray['data'], offset: number, rest: readonly number[]): void {
  const own = part.shape.slice(1);
  if (own.every((size, axis) => size === rest[axis])) {
    into.set(part.data, offset);
    return;
  }
  const run = own[own.length - 1] ?? 1;
  const outer = [part.shape[0]!, ...own.slice(0, -1)];
  const strides = [rest.reduce((a, b) => a * b, 1)];
  for (const size of rest.slice(0, -1)) strides.push(strides[strides.length - 1]! / size);
  const count = outer.reduce((a, b) => a * b, 1);
  for (let i = 0; i < count; i++) {
    let position = offset;
    let index = i;
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      position += (index % outer[axis]!) * strides[axis]!;
      index = Math.floor(index / outer[axis]!);
    }
    into.set(part.data.subarray(i * run, (i + 1) * run), position);
  }
}
