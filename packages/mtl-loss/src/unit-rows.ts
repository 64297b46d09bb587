import { matrixOf, submatrix } from './products';

/** A norm below this, the least double with all its digits, is 0: its square has lost digits or is not there. */
export const tiny = 2.2250738585072014e-308;

export function normsOf(gramian: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.sqrt(Math.max(0, gramian[i * count + i]!)));
}

/** The gradients that are not zero, as unit vectors. */
export interface UnitRows {
  /** Where they stand in the Gramian. */
  readonly rows: readonly number[];
  readonly norms: Float64Array;
  /** Their Gramian, row-major. */
  readonly cosines: Float64Array;
}

export function unitRows(gramian: Float64Array, count: number): UnitRows {
  const all = normsOf(gramian, count);
  const rows = [...all.keys()].filter((i) => all[i]! >= tiny);
  const norms = Float64Array.from(rows, (i) => all[i]!);
  return { rows, norms, cosines: correlations(submatrix(gramian, count, rows), norms) };
}

/** Cosines between rows, none of which is zero. */
export function correlations(gramian: Float64Array, norms: Float64Array): Float64Array {
  return matrixOf(norms.length, (i, j) =>
    i === j ? 1 : Math.max(-1, Math.min(1, gramian[i * norms.length + j]! / norms[i]! / norms[j]!)),
  );
}

/** Weights of all `count` gradients from those of the unit rows: 0 where a gradient is 0. */
export function weightsOfRows({ rows, norms }: UnitRows, unit: ArrayLike<number>, count: number): Float64Array {
  const weights = new Float64Array(count);
  for (const [k, i] of rows.entries()) weights[i] = unit[k]! / norms[k]!;
  return weights;
}
