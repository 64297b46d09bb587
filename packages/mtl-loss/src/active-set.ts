import { blockPivoting, independent, slopesOf } from './block-pivoting';
import { type Factor, factorOf } from './factor';
import { type Matrix, multiply } from './matrix';
import { dot, filled, plus, sizeOf } from './vectors';

/** Below this (relative to the size of the combination, squared) a row adds nothing to the span of others. */
const singular = 1e-15;
/** A combination z of unit rows is zero if no row has a greater product with it, in units of ‖z‖. */
const vanishing = 1e-11;
/** A slope of this share of ‖z‖ gains nothing. */
const flat = 4e-12;

/**
 * argmin over z ≥ 0 of ½zᵀCz − aᵀz, C positive semidefinite with a unit diagonal, exactly: an active-set method that ends after finitely many steps
 * (C. Lawson, R. Hanson 1974, chapter 23; P. Wolfe 1976). O(n²) a step.
 *
 * With `cone`, a > 0 and only the direction of z matters: where the problem is unbounded, a z ≥ 0 with Cz = 0 is the answer. Without it, a lies in the range
 * of C up to rounding.
 */
export function leastQuadratic(c: Matrix, a: Float64Array, cone: boolean): Float64Array {
  const quick = blockPivoting(c, a);
  if (quick) return quick;
  const factor = factorOf(c);
  let best = filled(a.length, 0);
  // At the minimum over some of the rows the objective is −½aᵀz: every round raises aᵀz, until rounding errors have the last word.
  let gain = 0;
  for (;;) {
    const entering = steepest(c, a, best);
    if (entering < 0) break;
    let z: Float64Array = best.slice();
    factor.active = [...factor.active, entering];
    if (factor.leastPivot() < independent) {
      const ray = dependence(c, factor, entering);
      if (ray) {
        const positive = ray.map((value) => Math.max(0, value));
        if (cone && vanishes(c, positive)) return positive;
        advance(z, ray, factor, Infinity);
      }
    }
    // To the unconstrained minimum over the active rows, dropping on the way what would turn negative.
    for (;;) {
      const target = factor.solve(a);
      if (advance(z, plus(target, z, -1), factor, 1)) continue;
      z = target;
      break;
    }
    const now = dot(a, z);
    if (!(now > gain)) break;
    best = z;
    gain = now;
  }
  return best;
}

/** The combination of the active rows, with a positive part of the one that entered last, which vanishes or nearly so, if there is one. */
function dependence(c: Matrix, factor: Factor, entering: number): Float64Array | undefined {
  /** A row without its part in the span of the others, as a combination. */
  const remainder = (i: number) => {
    const others = factor.active.filter((other) => other !== i);
    factor.active = others;
    const rest = factor.solve(c[i]!).map((value) => -value);
    rest[i] = 1;
    factor.active = [...others, i];
    return rest;
  };
  const first = remainder(entering);
  if (dot(c[entering]!, first) > singular * sizeOf(first) ** 2) return undefined;
  // The others determine the row with the greatest part best.
  const sizes = first.map(Math.abs);
  const most = sizes.indexOf(Math.max(...sizes));
  return remainder(most).map((value) => Math.sign(first[most]!) * value);
}

/** Whether the combination z of rows is zero. */
function vanishes(c: Matrix, z: Float64Array): boolean {
  const size = Math.sqrt(dot(z, z));
  return multiply(c, z).every((value) => Math.abs(value) <= vanishing * size);
}

/** The row, of those with z = 0, whose entry lowers the objective fastest, or −1 at the optimum. */
function steepest(c: Matrix, a: Float64Array, z: Float64Array): number {
  const slopes = slopesOf(c, a, z).map((slope, i) => (z[i] === 0 ? slope : 0));
  const most = Math.max(...slopes);
  return most > flat * Math.sqrt(dot(z, z)) ? slopes.indexOf(most) : -1;
}

/** Along `direction` until an active entry reaches 0, which leaves the active set; or not at all where that would be farther than `limit`. */
function advance(z: Float64Array, direction: Float64Array, factor: Factor, limit: number): boolean {
  let length = limit;
  let blocking = -1;
  for (const i of factor.active) {
    const until = z[i]! / -direction[i]!;
    if (direction[i]! < 0 && until <= length) {
      length = until;
      blocking = i;
    }
  }
  if (blocking < 0) return false;
  for (const [i, step] of direction.entries()) z[i] = Math.max(0, z[i]! + length * step);
  z[blocking] = 0;
  factor.active = factor.active.filter((i) => i !== blocking);
  return true;
}
