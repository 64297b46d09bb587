import { diagonal, type Matrix, mapped } from './matrix';
import { clamped, picked, placed } from './vectors';

/** A norm below this, the least double with all its digits, is 0: its square has lost digits or is not there. */
export const tiny = 2.2250738585072014e-308;

/** The root, and 0 of what only rounding errors make negative. */
export function root(square: number): number {
  return Math.sqrt(Math.max(0, square));
}

export function normsOf(gramian: Matrix): Float64Array {
  return diagonal(gramian).map(root);
}

/** The gradients that are not zero, as unit vectors. */
export interface UnitRows {
  /** Where they stand in the Gramian. */
  readonly rows: readonly number[];
  readonly norms: Float64Array;
  /** Their Gramian. */
  readonly cosines: Matrix;
  /** Weights of all gradients from those of the unit rows: 0 where a gradient is 0. */
  weights(unit: Float64Array): Float64Array;
}

export function unitRows(gramian: Matrix): UnitRows {
  const all = normsOf(gramian);
  const rows = [...all.keys()].filter((i) => all[i]! >= tiny);
  const norms = picked(all, rows);
  const shown = rows.map((i) => picked(gramian[i]!, rows));
  return {
    rows,
    norms,
    cosines: correlations(shown, norms),
    weights: (unit) =>
      placed(
        all.length,
        rows,
        unit.map((value, k) => value / norms[k]!),
      ),
  };
}

/** Cosines between rows, none of which is zero. */
export function correlations(gramian: Matrix, norms: Float64Array): Matrix {
  return mapped(gramian, (product, i, j) => (i === j ? 1 : clamped(product / norms[i]! / norms[j]!, 1)));
}
