import type { HostArray } from '@taskloom/core';
import type { Dataset } from '@taskloom/trainer';
import type { SparseRows } from './support-vectors';

/** Rows of a linear model: the ids of all bags in one range. */
export interface FeatureRows extends SparseRows {
  /** Of each task of the source, float32 weights [rows] and int32 classes [rows]. */
  readonly tasks: ReadonlyMap<string, { readonly classes: Int32Array; readonly weights: Float32Array }>;
}

const rowsPerBatch = 256;

/**
 * The rows of a source as a trunk of kind `linear` weighs their features: ±1/√length for each time that one occurs in its bag. `offsets` says where the ids of a bag begin.
 */
export function featureRows(
  dataset: Dataset,
  { name, size, tasks }: Dataset['sources'][number],
  offsets: ReadonlyMap<string, number>,
): FeatureRows {
  const starts = new Int32Array(size + 1);
  const ids: Int32Array[] = [];
  const values: Float32Array[] = [];
  const targets = new Map(tasks.map((task) => [task, { classes: new Int32Array(size), weights: new Float32Array(size) }]));
  let total = 0;
  for (let first = 0; first < size; first += rowsPerBatch) {
    const chosen = Int32Array.from({ length: Math.min(rowsPerBatch, size - first) }, (_, i) => first + i);
    const batch = dataset.batch(name, chosen, chosen.length);
    const inputs = batch.inputs as { readonly [bag: string]: HostArray };
    for (const [task, { classes, weights }] of targets) {
      classes.set((batch.tasks[task]!.target as HostArray).data as Int32Array, first);
      weights.set(batch.tasks[task]!.weight!.data as Float32Array, first);
    }
    for (const row of chosen) {
      const own = weighed(inputs, row - first, offsets);
      ids.push(Int32Array.from(own.keys()));
      values.push(Float32Array.from(own.values()));
      total += own.size;
      starts[row + 1] = total;
    }
  }
  return { starts, ids: joined(ids, new Int32Array(total)), values: joined(values, new Float32Array(total)), tasks: targets };
}

/** The weights of a row's features by id. */
function weighed(inputs: { readonly [bag: string]: HostArray }, row: number, offsets: ReadonlyMap<string, number>): Map<number, number> {
  const weights = new Map<number, number>();
  for (const [bag, offset] of offsets) {
    const { data, shape } = inputs[bag]!;
    const present = data.subarray(row * shape[1]!, (row + 1) * shape[1]!).filter((id) => id !== 0);
    const one = 1 / Math.sqrt(present.length);
    for (const id of present) {
      const at = offset + Math.abs(id);
      weights.set(at, (weights.get(at) ?? 0) + Math.sign(id) * one);
    }
  }
  return weights;
}

function joined<T extends Int32Array | Float32Array>(parts: readonly T[], whole: T): T {
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
