import { factorOf } from './factor';
import { type Matrix, mapped, multiply, quadratic } from './matrix';
import { unitRows } from './unit-rows';
import { dot, plus, sizeOf, sumOf } from './vectors';

/** Σ yᵢuᵢ (unit rows u, y > 0) of this squared norm, relative to (Σ y)², is zero. */
const vanishing = 1e-13;
/** Of the equations' residual; one step from there leaves rounding errors. */
const accuracy = 1e-11;
/** Of the objective, relative to its terms. */
const rounding = 1e-14;
/** Some 6 are usual; hundreds are needed where `exponent` is far from 1 and gradients are many orders of magnitude apart. */
const iterations = 600;

/**
 * The positive w with (Gw)ᵢ = wᵢ^(−exponent) for a T×T Gramian in float64: the bargaining point of Nash-MTL for exponent 1. It is unique, and exists
 * unless a convex combination of the gradients vanishes (Pareto stationary): then all weights are 0. A zero gradient has weight 0 and no equation.
 *
 * In y = w ∘ norms and cosines C the equations are (Cy)ᵢ = bᵢ yᵢ^(−exponent), bᵢ = normᵢ^(exponent − 1): the minimum of a strictly convex function, found by
 * damped Newton steps. Scales of the gradients are only in b, and not at all for exponent 1.
 */
export function bargainingPoint(gramian: Matrix, exponent = 1): Float64Array {
  const units = unitRows(gramian);
  // Start from the solution for orthogonal rows, in units of its largest entry.
  const logs = units.norms.map((norm) => ((exponent - 1) / (exponent + 1)) * Math.log(norm));
  const largest = Math.max(...logs);
  const start = logs.map((log) => Math.exp(log - largest));
  const y = convexRoot(units.cosines, start, exponent);
  return units.weights(y.map((value) => Math.exp(largest) * value));
}

/** y > 0 with (Cy)ᵢ = sᵢ (yᵢ/sᵢ)^(−exponent), or 0 where C has y ≥ 0 with Cy = 0. */
function convexRoot(c: Matrix, start: Float64Array, exponent: number): Float64Array {
  const sizes = mapped(c, Math.abs);
  /** ½yᵀCy − Σ sᵢ²h(yᵢ/sᵢ), h′(x) = x^(−exponent); and the size of its terms. */
  const objective = (y: Float64Array) => {
    const utilities = y.map((one, i) => {
      const x = one / start[i]!;
      return start[i]! ** 2 * (exponent === 1 ? Math.log(x) : (x ** (1 - exponent) - 1) / (1 - exponent));
    });
    return { value: quadratic(c, y) / 2 - sumOf(utilities), size: quadratic(sizes, y) + sizeOf(utilities) };
  };
  let y = start;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const products = multiply(c, y);
    if (dot(y, products) <= vanishing * sumOf(y) ** 2) return new Float64Array(y.length);
    const target = y.map((value, i) => start[i]! * (value / start[i]!) ** -exponent);
    const slope = plus(target, products, -1);
    const hessian = mapped(c, (cosine, i, j) => (i === j ? cosine + (exponent * target[i]!) / y[i]! : cosine));
    const direction = factorOf(hessian, [...y.keys()]).solve(slope);
    // A step that stays positive and goes downhill, up to rounding.
    const [before, gain, from] = [objective(y), dot(slope, direction), y];
    let length = direction.reduce((most, step, i) => (step < 0 ? Math.min(most, (-0.95 * y[i]!) / step) : most), 1);
    const moved = () => plus(from, direction, length);
    for (y = moved(); objective(y).value > before.value - 0.01 * length * gain + rounding * before.size; y = moved()) length /= 2;
    const terms = multiply(sizes, from);
    if (slope.every((value, i) => Math.abs(value) <= accuracy * target[i]! + rounding * terms[i]!)) break;
  }
  return y;
}
