import { projector } from './cone-projection';
import { type Matrix, mapped, multiply, quadratic } from './matrix';
import { minNormPoint } from './min-norm-point';
import { normsOf, root } from './unit-rows';
import { dot, filled, plus, sumOf } from './vectors';

const accuracy = 1e-13;

/**
 * min over w ∈ simplex of g_w·g₀ + κ‖g_w‖, κ = c‖g₀‖, for a T×T Gramian of trace 1. For a given s = ‖g_w‖ it is a quadratic program, min ½‖g_w‖² + t g_w·g₀ with t = s/κ,
 * that is the point of least norm among gᵢ + t g₀; and s is where ‖g_w‖ = κt. As long as the same rows take part ‖g_w‖² is linear in t², so that a secant in t² meets that
 * point once both of its points have the right rows; it is bracketed until then.
 *
 * Where a combination vanishes, its squared norm below `vanishing` times Σ wᵢ²‖gᵢ‖², every d of the dual cone is as good as any, {d : gᵢ·d ≥ 0 for all i}: the nearest to g₀ is
 * taken, if the ball has it.
 *
 * Returns the weights of c‖g₀‖/‖g_w‖ · g_w, which is what the best d of the ball ‖d − g₀‖ ≤ c‖g₀‖ adds to the mean g₀, and ‖g_w‖.
 */
export function ballPoint(gramian: Matrix, c: number, vanishing = 1e-11): [extra: Float64Array, norm: number] {
  const norms = normsOf(gramian);
  const mean = filled(norms.length, 1 / norms.length);
  const products = multiply(gramian, mean);
  const square = dot(mean, products);
  const radius = c * c * square;
  let w = minNormPoint(gramian);
  let [before, last] = [0, quadratic(gramian, w)];
  if (!(radius > 0)) return [filled(norms.length, 0), root(last)];
  const vanishes = (value: number) => value <= vanishing * sumOf(norms.map((norm, i) => (norm * w[i]!) ** 2));
  if (vanishes(last)) {
    const extra = plus(projector(gramian)(mean), mean, -1);
    // For c ≥ 1 it always has, up to rounding.
    if (quadratic(gramian, extra) <= radius * (1 + 1e-9)) return [extra, 0];
    // There too ‖g_w‖ = κt, but another t is better.
    last = Number.NaN;
  }
  let [low, high] = [0, 1 / radius];
  let t2 = high;
  for (let round = 0; round < 100; round++) {
    const t = Math.sqrt(t2);
    w = minNormPoint(mapped(gramian, (product, i, j) => product + t * (products[i]! + products[j]!) + t2 * square));
    const excess = quadratic(gramian, w) - radius * t2;
    if (excess > 0) low = t2;
    else high = t2;
    const next = t2 - (excess * (t2 - before)) / (excess - last);
    if (Math.abs(next - t2) <= accuracy * t2 || high - low <= accuracy * high) break;
    [before, last] = [t2, excess];
    t2 = next > low && next < high ? next : (low + high) / 2;
  }
  // What nearly vanishes would have a great part in it: it gets a length that is no rounding error.
  if (vanishes(radius * t2))
    return ballPoint(
      mapped(gramian, (product, i, j) => (i === j ? product * (1 + 10 * vanishing) : product)),
      c,
      0,
    );
  return [w.map((value) => value / Math.sqrt(t2)), Math.sqrt(radius * t2)];
}
