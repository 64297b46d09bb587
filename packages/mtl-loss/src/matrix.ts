import { dot, picked } from './vectors';

/** A square matrix in float64, by its rows. */
export type Matrix = readonly Float64Array[];

/** A matrix [count, count] that is stored row after row. */
export function matrixOf(values: Float64Array, count: number): Matrix {
  return Array.from({ length: count }, (_, i) => values.slice(i * count, (i + 1) * count));
}

/** Of a matrix [count, count] that is stored row after row, the rows named and in them the columns named. */
export function block(values: Float64Array, count: number, rows: readonly number[], columns = rows): Matrix {
  return rows.map((i) => picked(values.subarray(i * count, (i + 1) * count), columns));
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
