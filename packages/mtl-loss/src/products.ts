/** aᵀb */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** Cz for a symmetric matrix (row-major), and the sum of the sizes of the terms of each entry, in whose rounding it is exact. */
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
