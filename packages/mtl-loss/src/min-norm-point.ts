import { leastQuadratic } from './active-set';

/**
 * The point of least norm in the convex hull of gradients, exactly: w ∈ simplex minimising wᵀGw, for a T×T Gramian (row-major, float64).
 *
 * With unit rows, correlations C, aᵢ = 1/‖gᵢ‖ and wᵢ ∝ aᵢzᵢ this is: minimise ½zᵀCz − aᵀz over z ≥ 0. Working on C keeps rows apart that differ by many
 * orders of magnitude. Where a combination of rows vanishes the problem is unbounded: the direction that shows it is then the answer.
 */
export function minNormPoint(gramian: Float64Array, count: number): Float64Array {
  const norms = normsOf(gramian, count);
  const smallest = norms.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  // A zero row is the least norm there can be.
  if (smallest < tiny) return shares(norms.map((norm) => (norm === smallest ? 1 : 0)));
  const a = norms.map((norm) => smallest / norm);
  const z = leastQuadratic(correlations(gramian, norms), a, true);
  return shares(z.map((value, i) => value * a[i]!));
}

/** A norm below this is 0: its square has lost digits or is not there. */
export const tiny = Number.MIN_VALUE * 2 ** 52;

export function normsOf(gramian: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.sqrt(Math.max(0, gramian[i * count + i]!)));
}

/** Cosines between the rows, none of which is zero. */
export function correlations(gramian: Float64Array, norms: Float64Array): Float64Array {
  const count = norms.length;
  const cosines = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++)
      cosines[i * count + j] = i === j ? 1 : Math.max(-1, Math.min(1, gramian[i * count + j]! / norms[i]! / norms[j]!));
  return cosines;
}

function shares(values: Float64Array): Float64Array {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}
