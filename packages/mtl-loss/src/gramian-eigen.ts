import { diagonal, type Matrix } from './matrix';
import { dot, filled, plus, sizeOf, sumOf } from './vectors';

/** An eigenvalue > 0 of a Gramian, with its unit eigenvector. */
export type EigenPair = readonly [value: number, vector: Float64Array];

/** What a Gramian in float32, as training computes it, can tell from 0. */
export const float32Tolerance = 1e-6;

/**
 * The eigenvalues of a Gramian (float64) that are not 0, in ascending order, as many as it has independent gradients: those of which more than
 * `tolerance` (of the squared norm) lies outside the span of others. A small gradient is not taken for zero beside large ones, and keeps its digits: the factor L of
 * G = LLᵀ with pivots in descending order separates the scales, and rotations of its columns find the eigenvalues (J. Demmel, K. Veselić 1992). Some ms for 64 rows.
 */
export function gramianEigen(gramian: Matrix, tolerance: number): EigenPair[] {
  return orthogonalized(pivotedFactor(gramian, tolerance))
    .map((column): EigenPair => {
      const value = dot(column, column);
      return [value, column.map((entry) => entry / Math.sqrt(value))];
    })
    .filter(([value]) => value > 0)
    .sort(([a], [b]) => a - b);
}

/** The columns turned in pairs until all are orthogonal (M. Hestenes 1958): the eigenvectors of the sum of their outer products, times the roots of the eigenvalues. */
function orthogonalized(columns: Float64Array[]): Float64Array[] {
  /** Columns whose cosine is no more are orthogonal. */
  const orthogonal = 1e-15;
  /** Some 8 are needed for 64 rows; quadratic convergence makes more than this impossible but for rounding errors. */
  const sweeps = 40;
  for (let sweep = 0, turned = true; turned && sweep < sweeps; sweep++) {
    turned = false;
    for (const [at, p] of columns.entries())
      for (const q of columns.slice(at + 1)) {
        const [pp, pq, qq] = [dot(p, p), dot(p, q), dot(q, q)];
        if (Math.abs(pq) <= orthogonal * Math.sqrt(pp) * Math.sqrt(qq)) continue;
        turned = true;
        const theta = (qq - pp) / (2 * pq);
        const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(1, theta));
        const cosine = 1 / Math.hypot(1, tangent);
        for (let k = 0; k < p.length; k++) {
          const value = p[k]!;
          p[k] = cosine * (value - tangent * q[k]!);
          q[k] = cosine * (tangent * value + q[k]!);
        }
      }
  }
  return columns;
}

/** The columns of L, G = LLᵀ: Cholesky's factor with the largest remaining pivot first, until no row has more than `tolerance` of its square left. */
function pivotedFactor(gramian: Matrix, tolerance: number): Float64Array[] {
  const columns: Float64Array[] = [];
  const squares = diagonal(gramian);
  let left = squares;
  for (;;) {
    const open = left.map((rest, i) => (rest > tolerance * squares[i]! ? rest : 0));
    const greatest = Math.max(...open);
    if (!(greatest > 0)) return columns;
    const pivot = open.indexOf(greatest);
    // Earlier pivots have nothing left.
    const column = Float64Array.from(gramian, (row, i) =>
      left[i] === 0 ? 0 : columns.reduce((rest, earlier) => rest - earlier[i]! * earlier[pivot]!, row[pivot]!) / Math.sqrt(greatest),
    );
    column[pivot] = Math.sqrt(greatest);
    left = left.map((rest, i) => (i === pivot ? 0 : Math.max(0, rest - column[i]! ** 2)));
    columns.push(column);
  }
}

/** Σ (λ/unit)^power v vᵀb over the eigenpairs: with −1 the pseudo-inverse times b, with 0 the part of b in their span. */
export function spectral(pairs: readonly EigenPair[], power: number, b: ArrayLike<number>, unit = 1): Float64Array {
  return pairs.reduce((sum, [value, vector]) => plus(sum, vector, (value / unit) ** power * product(vector, b)), filled(b.length, 0));
}

/** aᵀb, which is 0 where its terms cancel up to rounding. */
export function product(a: Float64Array, b: ArrayLike<number>): number {
  const terms = a.map((value, i) => value * b[i]!);
  return significant(sumOf(terms), sizeOf(terms));
}

/** With 0 for the entries that are rounding errors of the largest: where all are known to the same absolute error, as of unit gradients. */
export function settled(vector: Float64Array): Float64Array {
  const size = sizeOf(vector);
  return vector.map((value) => significant(value, size));
}

/** 0 for what is a rounding error of terms of this size. */
export function significant(value: number, size: number): number {
  /** A sum of this share of its terms is zero. */
  const cancelled = 1e-13;
  return Math.abs(value) > cancelled * size ? value : 0;
}
