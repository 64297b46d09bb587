import { block, diagonal, type Matrix, mapped } from './matrix';
import { placesOf } from './present-tasks';
import { clamped, picked, placed } from './vectors';

/** The root, and 0 of what only rounding errors make negative. */
export function root(square: number): number {
  return Math.sqrt(Math.max(0, square));
}

export function normsOf(gramian: Matrix): Float64Array {
  return diagonal(gramian).map(root);
}

/**
 * The gradients that are not zero, as unit vectors: where they stand in the Gramian, their norms and their own Gramian; and weights of all gradients from those of the unit
 * rows, 0 where a gradient is 0.
 */
export function unitRows(
  gramian: Matrix,
): [rows: readonly number[], norms: Float64Array, cosines: Matrix, weightsOf: (unit: Float64Array) => Float64Array] {
  const all = normsOf(gramian);
  const rows = placesOf(all);
  const norms = picked(all, rows);
  return [
    rows,
    norms,
    correlations(block(gramian, rows), norms),
    (unit) =>
      placed(
        all.length,
        rows,
        unit.map((value, k) => value / norms[k]!),
      ),
  ];
}

/** Cosines between rows, none of which is zero. */
export function correlations(gramian: Matrix, norms: Float64Array): Matrix {
  return mapped(gramian, (product, i, j) => (i === j ? 1 : clamped(product / norms[i]! / norms[j]!, 1)));
}
