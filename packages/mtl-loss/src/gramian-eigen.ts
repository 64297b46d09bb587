import { normsOf } from './min-norm-point';
import { symmetricEigen } from './symmetric-eigen';

/** An eigenvalue > 0 of a Gramian, with its unit eigenvector. */
export interface EigenPair {
  readonly value: number;
  readonly vector: Float64Array;
}

/** Eigenpairs of a Gramian: those of its rank in ascending order, and vectors that span its null space. */
export interface GramianEigen {
  readonly pairs: readonly EigenPair[];
  readonly null: readonly Float64Array[];
}

/** What a Gramian in float32, as training computes it, can tell from 0. */
export const float32Tolerance = 1e-6;

/** A sum of this share of its terms is zero. */
const cancelled = 1e-13;

/**
 * The eigen-decomposition of a Gramian, zero eigenvalues set apart. Rounding in the products gᵢ·gⱼ moves the eigenvalue of v by their relative error times
 * (Σ |vᵢ| ‖gᵢ‖)²: an eigenvalue below `tolerance` times this is zero. So small gradients are not taken for zero beside large ones.
 */
export function gramianEigen(gramian: Float64Array, count: number, tolerance: number): GramianEigen {
  const norms = normsOf(gramian, count);
  const { values, vectors } = symmetricEigen(gramian, count);
  const pairs: EigenPair[] = [];
  const zero: Float64Array[] = [];
  for (const [k, value] of values.entries()) {
    const vector = vectors.subarray(k * count, (k + 1) * count);
    const size = vector.reduce((sum, part, i) => sum + Math.abs(part) * norms[i]!, 0);
    if (value > tolerance * size * size) pairs.push({ value, vector });
    else zero.push(vector);
  }
  return { pairs, null: zero };
}

/** Σ f(λ) v vᵀb over the eigenpairs given: with f = 1/λ the pseudo-inverse times b. */
export function spectral(pairs: readonly EigenPair[], f: (value: number) => number, b: ArrayLike<number>): Float64Array {
  const result = new Float64Array(b.length);
  for (const { value, vector } of pairs) {
    const part = f(value) * along(vector, b);
    for (let i = 0; i < result.length; i++) result[i]! += part * vector[i]!;
  }
  return result;
}

/** vᵀb, which is 0 where its terms cancel up to rounding. */
export function along(vector: Float64Array, b: ArrayLike<number>): number {
  let product = 0;
  let size = 0;
  for (let i = 0; i < vector.length; i++) {
    const term = vector[i]! * b[i]!;
    product += term;
    size += Math.abs(term);
  }
  return Math.abs(product) > cancelled * size ? product : 0;
}
