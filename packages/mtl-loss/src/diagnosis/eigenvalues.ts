/** The eigenvalues of a symmetric matrix (row-major, count²) by Jacobi's rotations, greatest first; none below 0 is kept of rounding where the matrix is a Gramian. */
export function gramianEigenvalues(matrix: ArrayLike<number>, count: number): Float64Array {
  const a = Float64Array.from(matrix);
  const at = (i: number, j: number) => a[i * count + j]!;
  const size = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < count; p++) {
      for (let q = p + 1; q < count; q++) {
        off = Math.max(off, Math.abs(at(p, q)));
        if (Math.abs(at(p, q)) <= 1e-16 * size) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        rotate(a, count, p, q, c, t * c);
      }
    }
    if (off <= 1e-14 * size) break;
  }
  return Float64Array.from({ length: count }, (_, i) => Math.max(0, at(i, i))).sort((x, y) => y - x);
}

/** A ← RᵀAR for the rotation of the plane (p, q). */
function rotate(a: Float64Array, count: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < count; k++) {
    const [x, y] = [a[k * count + p]!, a[k * count + q]!];
    a[k * count + p] = c * x - s * y;
    a[k * count + q] = s * x + c * y;
  }
  for (let k = 0; k < count; k++) {
    const [x, y] = [a[p * count + k]!, a[q * count + k]!];
    a[p * count + k] = c * x - s * y;
    a[q * count + k] = s * x + c * y;
  }
}

/**
 * The effective rank (O. Roy, M. Vetterli 2007) of J from G = J Jᵀ: e^H with H the entropy of G's eigenvalues as shares of their sum. 1 where all rows point one way, the
 * number of rows where they are orthogonal and equally long; 0 for G = 0.
 */
export function effectiveRank(gramian: ArrayLike<number>, count: number): number {
  const values = gramianEigenvalues(gramian, count);
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return 0;
  return Math.exp(values.reduce((sum, value) => (value > 0 ? sum - (value / total) * Math.log(value / total) : sum), 0));
}
