import { TaskloomError } from '../error';
import type { HostArray } from '../host-array';

/** Sums over rows of a table, Σ weight · E[row], one after another. */
export interface Terms {
  readonly sums: number;
  /** For each sum, how many terms there are up to its end. */
  readonly ends: Uint32Array;
  readonly rows: Uint32Array;
  readonly weights: Float32Array;
}

/** How a sum of `count` features is divided. */
export type Combiner = 'sum' | 'mean' | 'unit';
const divisors: { readonly [combiner in Combiner]: (count: number) => number } = {
  sum: () => 1,
  mean: (count) => count,
  unit: Math.sqrt,
};

/** Throws `out_of_range` where the table has no such row. */
export function rowOf(id: number, size: number): number {
  const row = id < 0 ? -id : id;
  if (row >= size)
    throw new TaskloomError('out_of_range', 'An id has no row in the table.', { name: 'ids', got: id, expected: `|id| < ${size}` });
  return row;
}

/** ids [sums, length], 0 for none and a sign for the weight's. Throws `out_of_range` for an id without a row. */
export function termsOf({ data: ids }: HostArray, sums: number, size: number, combiner: Combiner): Terms {
  const length = sums === 0 ? 0 : ids.length / sums;
  const ends = new Uint32Array(sums);
  const rows = new Uint32Array(ids.length);
  const weights = new Float32Array(ids.length);
  let count = 0;
  for (let sum = 0, at = 0; sum < sums; sum++) {
    const first = count;
    for (const end = at + length; at < end; at++) {
      const id = ids[at]!;
      if (id === 0) continue;
      const row = rowOf(id, size);
      rows[count] = row;
      weights[count++] = id < 0 ? -1 : 1;
    }
    const weight = 1 / divisors[combiner](count - first);
    for (let term = first; term < count; term++) weights[term]! *= weight;
    ends[sum] = count;
  }
  return { sums, ends, rows: rows.subarray(0, count), weights: weights.subarray(0, count) };
}

/**
 * The other way round: the gradient of each row that occurs as a sum over the gradients of the sums that it occurs in, in their order. `names` are the
 * rows of the table, in the order of their first occurrence.
 */
export function transposed({ sums, ends, rows, weights }: Terms): { readonly names: Uint32Array; readonly terms: Terms } {
  const { names, numbers, counts } = numbered(rows);
  const starts = new Uint32Array(names.length);
  for (let number = 1; number < names.length; number++) starts[number] = starts[number - 1]! + counts[number - 1]!;
  const places = new Uint32Array(rows.length);
  const placed = new Float32Array(rows.length);
  for (let sum = 0, term = 0; sum < sums; sum++)
    for (const end = ends[sum]!; term < end; term++) {
      const place = starts[numbers[term]!]!++;
      places[place] = sum;
      placed[place] = weights[term]!;
    }
  // Each start has gone on to the row's end.
  return { names, terms: { sums: names.length, ends: starts, rows: places, weights: placed } };
}

/**
 * The distinct rows in the order of their first occurrence, which of them each row is, and how often each occurs: by a hash table with open addressing,
 * of the batch's size and not the table's.
 */
export function numbered(rows: Uint32Array) {
  const bits = Math.max(4, 33 - Math.clz32(rows.length));
  const slots = new Int32Array(2 ** bits).fill(-1);
  const mask = slots.length - 1;
  const names = new Uint32Array(rows.length);
  const numbers = new Uint32Array(rows.length);
  const counts = new Uint32Array(rows.length);
  let distinct = 0;
  for (let term = 0; term < rows.length; term++) {
    const row = rows[term]!;
    let slot = Math.imul(row, 0x9e3779b1) >>> (32 - bits);
    let number = slots[slot]!;
    while (number >= 0 && names[number] !== row) {
      slot = (slot + 1) & mask;
      number = slots[slot]!;
    }
    if (number < 0) {
      number = distinct++;
      slots[slot] = number;
      names[number] = row;
    }
    numbers[term] = number;
    counts[number]!++;
  }
  return { names: names.subarray(0, distinct), numbers, counts };
}
