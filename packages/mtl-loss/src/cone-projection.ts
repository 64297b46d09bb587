import { leastQuadratic } from './active-set';
import { type Matrix, multiply } from './matrix';
import { unitRows } from './unit-rows';

/** v from u. */
export type Projector = (u: ArrayLike<number>) => Float64Array;

/**
 * v ≥ u minimising vᵀGv, exactly, for a T×T Gramian in float64: Jᵀv is the projection of Jᵀu onto the dual cone of the rows, {d : Jd ≥ 0}, so that
 * (Gv)ᵢ ≥ 0, and = 0 where vᵢ > uᵢ. Where several v give the same projection any of them may come out. `projector` prepares a Gramian for many u.
 */
export function projector(gramian: Matrix): Projector {
  // A zero row is in nobody's way.
  const [rows, norms, cosines] = unitRows(gramian);
  return (u) => {
    const v = Float64Array.from(u);
    const scaled = norms.map((norm, k) => norm * v[rows[k]!]!);
    const largest = Math.max(0, ...scaled.map(Math.abs)) || 1;
    // v = u + y, y ≥ 0; in units of the rows' norms and of the largest entry.
    const lacking = multiply(
      cosines,
      scaled.map((value) => -value / largest),
    );
    const z = leastQuadratic(cosines, lacking, false);
    for (const [k, i] of rows.entries()) v[i]! += (z[k]! * largest) / norms[k]!;
    return v;
  };
}
