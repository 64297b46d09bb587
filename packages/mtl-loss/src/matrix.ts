import { dot, picked } from './vectors';

/** A square matrix in float64, by its rows. */
export type Matrix = readonly Float64Array[];

/** The rows named, and in them the columns named. */
export function block(matrix: Matrix, rows: readonly number[], columns = rows): Matrix {
  return rows.map((i) => picked(matrix[i]!, columns));
}

export function mapped(matrix: Matrix, entry: (value: number, i: number, j: number) => number): Matrix {
  return matrix.map((row, i) => row.map((value, j) => entry(value, i, j)));
}

/** The matrix with entry i, j divided by dᵢ and dⱼ. */
export function divided(matrix: Matrix, d: ArrayLike<number>): Matrix {
  return mapped(matrix, (value, i, j) => value / d[i]! / d[j]!);
}

export function diagonal(matrix: Matrix): Float64Array {
  return Float64Array.from(matrix, (row, i) => row[i]!);
}

/** Mz */
export function multiply(matrix: Matrix, z: ArrayLike<number>): Float64Array {
  return Float64Array.from(matrix, (row) => dot(row, z));
}

/** zᵀMz */
export function quadratic(matrix: Matrix, z: ArrayLike<number>): number {
  return dot(z, multiply(matrix, z));
}
