import { leastQuadratic } from './active-set';
import type { Matrix } from './matrix';
import { shares } from './simplex';
import { correlations, normsOf } from './unit-rows';

/**
 * The point of least norm in the convex hull of gradients, exactly: w ∈ simplex minimising wᵀGw, for a T×T Gramian in float64.
 *
 * With unit rows, correlations C, aᵢ = 1/‖gᵢ‖ and wᵢ ∝ aᵢzᵢ this is: minimise ½zᵀCz − aᵀz over z ≥ 0. Working on C keeps rows apart that differ by many
 * orders of magnitude. Where a combination of rows vanishes the problem is unbounded: the direction that shows it is then the answer.
 */
export function minNormPoint(gramian: Matrix): Float64Array {
  const norms = normsOf(gramian);
  const smallest = Math.min(...norms);
  // A zero row is the least norm there can be.
  if (smallest === 0) return shares(norms.map((norm) => (norm === smallest ? 1 : 0)));
  const a = norms.map((norm) => smallest / norm);
  const z = leastQuadratic(correlations(gramian, norms), a, true);
  return shares(z.map((value, i) => value * a[i]!));
}
