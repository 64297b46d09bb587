/** aᵀb */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** Cᵀz for a square matrix (row-major), and the sum of the sizes of the terms of each entry, in whose rounding it is exact. */
export function multiply(c: Float64Array, z: ArrayLike<number>): { readonly products: Float64Array; readonly terms: Float64Array } {
  const count = z.length;
  const products = new Float64Array(count);
  const terms = new Float64Array(count);
  for (let i = 0; i < count; i++)
    if (z[i] !== 0)
      for (let j = 0; j < count; j++) {
        const term = c[i * count + j]! * z[i]!;
        products[j]! += term;
        terms[j]! += Math.abs(term);
      }
  return { products, terms };
}

/** The sum of the diagonal. */
export function trace(matrix: Float64Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += matrix[i * count + i]!;
  return total;
}

/** A matrix [count, count], row-major, by its entries. */
export function matrixOf(count: number, entry: (i: number, j: number) => number): Float64Array {
  const matrix = new Float64Array(count * count);
  for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) matrix[i * count + j] = entry(i, j);
  return matrix;
}

/** The matrix with entry i, j divided by dᵢ and dⱼ. */
export function divided(matrix: Float64Array, d: ArrayLike<number>): Float64Array {
  return matrixOf(d.length, (i, j) => matrix[i * d.length + j]! / d[i]! / d[j]!);
}

/** Of a matrix [count, count] the rows and columns named. */
export function submatrix(matrix: Float64Array, count: number, rows: readonly number[]): Float64Array {
  return matrixOf(rows.length, (i, j) => matrix[rows[i]! * count + rows[j]!]!);
}
