import { leastQuadratic } from './active-set';
import { correlations, normsOf, tiny } from './min-norm-point';

/**
 * v ≥ u minimising vᵀGv, exactly, for a T×T Gramian (row-major, float64): Jᵀv is the projection of Jᵀu onto the dual cone of the rows, {d : Jd ≥ 0}, so that
 * (Gv)ᵢ ≥ 0, and = 0 where vᵢ > uᵢ. Where several v give the same projection any of them may come out. `projector` prepares a Gramian for many u.
 */
export function projector(gramian: Float64Array, count: number): (u: ArrayLike<number>) => Float64Array {
  const norms = normsOf(gramian, count);
  // A zero row is in nobody's way.
  const rows = [...norms.keys()].filter((i) => norms[i]! >= tiny);
  const sub = new Float64Array(rows.length ** 2);
  for (const [a, i] of rows.entries()) for (const [b, j] of rows.entries()) sub[a * rows.length + b] = gramian[i * count + j]!;
  const c = correlations(
    sub,
    Float64Array.from(rows, (i) => norms[i]!),
  );
  return (u) => {
    const v = Float64Array.from(u);
    const scaled = Float64Array.from(rows, (i) => norms[i]! * v[i]!);
    const largest = scaled.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    if (largest === 0) return v;
    // v = u + y, y ≥ 0; in units of the rows' norms and of the largest entry.
    const a = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) for (let j = 0; j < rows.length; j++) a[i]! -= c[i * rows.length + j]! * (scaled[j]! / largest);
    const z = leastQuadratic(c, a, false);
    for (const [k, i] of rows.entries()) v[i]! += (z[k]! * largest) / norms[i]!;
    return v;
  };
}
