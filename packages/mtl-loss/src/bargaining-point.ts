import { factorOf } from './factor';
import { dot, multiply } from './products';
import { unitRows, weightsOfRows } from './unit-rows';

/** Σ yᵢuᵢ (unit rows u, y > 0) of this squared norm, relative to (Σ y)², is zero. */
const vanishing = 1e-13;
/** Of the equations' residual, relative to the terms of each. */
const accuracy = 1e-13;
/** Of the objective, relative to its terms. */
const rounding = 1e-14;
/** Some 6 are usual; hundreds are needed where `exponent` is far from 1 and gradients are many orders of magnitude apart. */
const iterations = 600;

/**
 * The positive w with (Gw)ᵢ = wᵢ^(−exponent) for a T×T Gramian (row-major, float64): the bargaining point of Nash-MTL for exponent 1. It is unique, and exists
 * unless a convex combination of the gradients vanishes (Pareto stationary): then all weights are 0. A zero gradient has weight 0 and no equation.
 *
 * In y = w ∘ norms and cosines C the equations are (Cy)ᵢ = bᵢ yᵢ^(−exponent), bᵢ = normᵢ^(exponent − 1): the minimum of a strictly convex function, found by
 * damped Newton steps. Scales of the gradients are only in b, and not at all for exponent 1.
 */
export function bargainingPoint(gramian: Float64Array, count: number, exponent = 1): Float64Array {
  const units = unitRows(gramian, count);
  if (units.rows.length === 0) return new Float64Array(count);
  // Start from the solution for orthogonal rows, in units of its largest entry.
  const logs = units.norms.map((norm) => ((exponent - 1) / (exponent + 1)) * Math.log(norm));
  const largest = Math.max(...logs);
  const start = logs.map((log) => Math.exp(log - largest));
  const y = convexRoot(units.cosines, start, exponent);
  if (!y) return new Float64Array(count);
  const unit = Math.exp(largest);
  return weightsOfRows(
    units,
    y.map((value) => unit * value),
    count,
  );
}

/** y > 0 with (Cy)ᵢ = sᵢ (yᵢ/sᵢ)^(−exponent), or nothing where C has y ≥ 0 with Cy = 0. */
function convexRoot(c: Float64Array, start: Float64Array, exponent: number): Float64Array | undefined {
  let y = start;
  let best = { y, residual: Infinity };
  let stalled = 0;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { products, terms } = multiply(c, y);
    if (dot(y, products) <= vanishing * sum(y) ** 2) return undefined;
    const target = y.map((value, i) => start[i]! * (value / start[i]!) ** -exponent);
    const slope = target.map((value, i) => value - products[i]!);
    const residual = slope.reduce((worst, value, i) => Math.max(worst, Math.abs(value) / terms[i]!), 0);
    stalled = residual < best.residual / 2 ? 0 : stalled + 1;
    if (residual < best.residual) best = { y, residual };
    if (residual <= accuracy || (stalled > 3 && best.residual <= 1e3 * accuracy)) break;
    const direction = newton(c, y, target, slope, exponent);
    const next = descend(c, y, start, direction, dot(slope, direction), exponent);
    if (!next) break;
    y = next;
  }
  return best.y;
}

function newton(c: Float64Array, y: Float64Array, target: Float64Array, slope: Float64Array, exponent: number): Float64Array {
  const count = y.length;
  const hessian = c.slice();
  for (let i = 0; i < count; i++) hessian[i * count + i]! += (exponent * target[i]!) / y[i]!;
  return factorOf(hessian, count, [...y.keys()]).solve(slope);
}

/** A step along `direction` that stays positive and lowers ½yᵀCy − Σ sᵢ²h(yᵢ/sᵢ), h′(x) = x^(−exponent); nothing where rounding leaves none. */
function descend(
  c: Float64Array,
  y: Float64Array,
  start: Float64Array,
  direction: Float64Array,
  slope: number,
  exponent: number,
): Float64Array | undefined {
  const objective = (at: Float64Array) => {
    const utilities = at.map((one, i) => {
      const x = one / start[i]!;
      return start[i]! ** 2 * (exponent === 1 ? Math.log(x) : (x ** (1 - exponent) - 1) / (1 - exponent));
    });
    const { products, terms } = multiply(c, at);
    return { value: dot(at, products) / 2 - sum(utilities), size: dot(at, terms) + sum(utilities.map(Math.abs)) };
  };
  const before = objective(y);
  let length = direction.reduce((most, step, i) => (step < 0 ? Math.min(most, (-0.95 * y[i]!) / step) : most), 1);
  for (let halving = 0; halving < 40; halving++, length /= 2) {
    const next = y.map((one, i) => one + length * direction[i]!);
    if (objective(next).value <= before.value - 0.01 * length * slope + rounding * before.size) return next;
  }
  return undefined;
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
