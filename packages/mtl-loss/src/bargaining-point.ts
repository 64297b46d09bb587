import { factorOf } from './factor';
import { type Matrix, mapped, multiply, quadratic } from './matrix';
import { unitRows } from './unit-rows';
import { dot, filled, plus, sumOf } from './vectors';

/**
 * The positive w with (Gw)ᵢ = wᵢ^(−exponent) for a T×T Gramian in float64: the bargaining point of Nash-MTL for exponent 1. It is unique, and exists
 * unless a convex combination of the gradients vanishes (Pareto stationary): then all weights are 0. A zero gradient has weight 0 and no equation.
 *
 * In y = w ∘ norms and cosines C the equations are (Cy)ᵢ = bᵢ yᵢ^(−exponent), bᵢ = normᵢ^(exponent − 1), or (Cy)ᵢ = sᵢ (yᵢ/sᵢ)^(−exponent) with the start s: the minimum of a strictly convex function, found by
 * damped Newton steps. Scales of the gradients are only in b, and not at all for exponent 1.
 */
export function bargainingPoint(gramian: Matrix, exponent = 1): Float64Array {
  /** Σ yᵢuᵢ (unit rows u, y > 0) of this squared norm, relative to (Σ y)², is zero. */
  const vanishing = 1e-13;
  /** Of the equations' residual; one step from there leaves rounding errors. */
  const accuracy = 1e-11;
  /** Of the equations, relative to their terms. */
  const rounding = 1e-14;
  /** Some 6 are usual; hundreds are needed where `exponent` is far from 1 and gradients are many orders of magnitude apart. */
  const iterations = 600;
  const [, norms, cosines, weightsOf] = unitRows(gramian);
  // Start from the solution for orthogonal rows, in units of its largest entry.
  const logs = norms.map((norm) => ((exponent - 1) / (exponent + 1)) * Math.log(norm));
  const largest = Math.max(...logs);
  const start = logs.map((log) => Math.exp(log - largest));
  const sizes = mapped(cosines, Math.abs);
  const targetOf = (y: Float64Array) => y.map((value, i) => start[i]! * (value / start[i]!) ** -exponent);
  /** Minus the gradient of ½yᵀCy − Σ sᵢ²h(yᵢ/sᵢ), h′(x) = x^(−exponent). */
  const slopeOf = (y: Float64Array) => plus(targetOf(y), multiply(cosines, y), -1);
  let y: Float64Array = start;
  let slope = slopeOf(y);
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (quadratic(cosines, y) <= vanishing * sumOf(y) ** 2) return filled(gramian.length, 0);
    const [from, target, terms] = [y, targetOf(y), multiply(sizes, y)];
    const near = slope.every((value, i) => Math.abs(value) <= accuracy * target[i]! + rounding * terms[i]!);
    const hessian = mapped(cosines, (cosine, i, j) => (i === j ? cosine + (exponent * target[i]!) / from[i]! : cosine));
    const [solve] = factorOf(hessian);
    const direction = solve([...y.keys()], slope);
    // A step that stays positive, and is at most half as steep uphill in the end as downhill in the beginning, up to rounding.
    const least = -0.5 * dot(slope, direction) - rounding * dot(terms, direction.map(Math.abs));
    let length = direction.reduce((most, step, i) => (step < 0 ? Math.min(most, (-0.95 * from[i]!) / step) : most), 1);
    do {
      y = plus(from, direction, length);
      slope = slopeOf(y);
      length /= 2;
    } while (dot(slope, direction) < least);
    if (near) break;
  }
  return weightsOf(y.map((value) => Math.exp(largest) * value));
}
