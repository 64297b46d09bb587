import { symmetricEigen } from './symmetric-eigen';

/** An eigenvalue > 0 of a Gramian, with its unit eigenvector. */
export interface EigenPair {
  readonly value: number;
  readonly vector: Float64Array;
}

/** What a Gramian in float32, as training computes it, can tell from 0. */
export const float32Tolerance = 1e-6;
/** A sum of this share of its terms is zero. */
const cancelled = 1e-13;

/**
 * The eigenvalues of a Gramian (row-major, float64) that are not 0, in ascending order, as many as it has independent gradients: those of which more than
 * `tolerance` (of the squared norm) lies outside the span of others. A small gradient is not taken for zero beside large ones, and keeps its digits: the factor L of
 * G = LLᵀ with pivots in descending order separates the scales, and G has the eigenvalues of LᵀL (J. Demmel, K. Veselić 1992).
 */
export function gramianEigen(gramian: Float64Array, count: number, tolerance: number): EigenPair[] {
  const columns = pivotedFactor(gramian, count, tolerance);
  const rank = columns.length;
  const inner = Float64Array.from({ length: rank * rank }, (_, at) => product(columns[Math.floor(at / rank)]!, columns[at % rank]!));
  const { values, vectors } = symmetricEigen(inner, rank);
  const pairs: EigenPair[] = [];
  for (const [k, value] of values.entries()) {
    // Only rounding makes one ≤ 0.
    if (!(value > 0)) continue;
    const vector = new Float64Array(count);
    for (const [q, column] of columns.entries()) {
      const part = vectors[k * rank + q]!;
      for (let i = 0; i < count; i++) vector[i]! += part * column[i]!;
    }
    for (let i = 0; i < count; i++) vector[i]! /= Math.sqrt(value);
    pairs.push({ value, vector });
  }
  return pairs;
}

/** The columns of L, G = LLᵀ: Cholesky's factor with the largest remaining pivot first, until no row has more than `tolerance` of its square left. */
function pivotedFactor(gramian: Float64Array, count: number, tolerance: number): Float64Array[] {
  const columns: Float64Array[] = [];
  const left = Float64Array.from({ length: count }, (_, i) => gramian[i * count + i]!);
  for (;;) {
    let pivot = -1;
    for (let i = 0; i < count; i++) if (left[i]! > tolerance * gramian[i * count + i]! && (pivot < 0 || left[i]! > left[pivot]!)) pivot = i;
    if (pivot < 0) return columns;
    const root = Math.sqrt(left[pivot]!);
    const column = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      // Earlier pivots have nothing left.
      if (left[i] === 0) continue;
      let rest = gramian[i * count + pivot]!;
      for (const earlier of columns) rest -= earlier[i]! * earlier[pivot]!;
      column[i] = i === pivot ? root : rest / root;
      left[i] = i === pivot ? 0 : Math.max(0, left[i]! - column[i]! ** 2);
    }
    columns.push(column);
  }
}

/** Σ f(λ) v vᵀb over the eigenpairs: with f = 1/λ the pseudo-inverse times b. */
export function spectral(pairs: readonly EigenPair[], f: (value: number) => number, b: ArrayLike<number>): Float64Array {
  const result = new Float64Array(b.length);
  for (const { value, vector } of pairs) {
    const part = f(value) * product(vector, b);
    for (let i = 0; i < result.length; i++) result[i]! += part * vector[i]!;
  }
  return result;
}

/** aᵀb, which is 0 where its terms cancel up to rounding. */
export function product(a: Float64Array, b: ArrayLike<number>): number {
  let total = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    const term = a[i]! * b[i]!;
    total += term;
    size += Math.abs(term);
  }
  return Math.abs(total) > cancelled * size ? total : 0;
}

/** With 0 for the entries that are rounding errors of the largest: where all are known to the same absolute error, as of unit gradients. */
export function settled(vector: Float64Array): Float64Array {
  const size = vector.reduce((sum, value) => sum + Math.abs(value), 0);
  return vector.map((value) => (Math.abs(value) > cancelled * size ? value : 0));
}
