import { leastQuadratic } from './active-set';
import { multiply } from './products';
import { unitRows } from './unit-rows';

/** v from u. */
export type Projector = (u: ArrayLike<number>) => Float64Array;

/**
 * v ≥ u minimising vᵀGv, exactly, for a T×T Gramian (row-major, float64): Jᵀv is the projection of Jᵀu onto the dual cone of the rows, {d : Jd ≥ 0}, so that
 * (Gv)ᵢ ≥ 0, and = 0 where vᵢ > uᵢ. Where several v give the same projection any of them may come out. `projector` prepares a Gramian for many u.
 */
export function projector(gramian: Float64Array, count: number): Projector {
  // A zero row is in nobody's way.
  const { rows, norms, cosines } = unitRows(gramian, count);
  return (u) => {
    const v = Float64Array.from(u);
    const scaled = norms.map((norm, k) => norm * v[rows[k]!]!);
    const largest = scaled.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    if (largest === 0) return v;
    // v = u + y, y ≥ 0; in units of the rows' norms and of the largest entry.
    const { products } = multiply(
      cosines,
      scaled.map((value) => -value / largest),
    );
    const z = leastQuadratic(cosines, products, false);
    for (const [k, i] of rows.entries()) v[i]! += (z[k]! * largest) / norms[k]!;
    return v;
  };
}
