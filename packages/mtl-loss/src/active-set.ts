import { blockPivoting, slopesOf } from './block-pivoting';
import { type Factor, factorOf } from './factor';
import { type Matrix, multiply } from './matrix';
import { dot, filled, plus, sizeOf } from './vectors';

/**
 * argmin over z ≥ 0 of ½zᵀCz − aᵀz, C positive semidefinite with a unit diagonal, exactly: an active-set method that ends after finitely many steps
 * (C. Lawson, R. Hanson 1974, chapter 23; P. Wolfe 1976). O(n²) a step.
 *
 * With `cone`, a > 0 and only the direction of z matters: where the problem is unbounded, a z ≥ 0 with Cz = 0 is the answer. Without it, a lies in the range
 * of C up to rounding.
 */
export function leastQuadratic(c: Matrix, a: Float64Array, cone: boolean): Float64Array {
  /** A combination z of unit rows is zero if no row has a greater product with it, in units of ‖z‖. */
  const vanishing = 1e-11;
  /** A slope of this share of ‖z‖ gains nothing. */
  const flat = 4e-12;
  const quick = blockPivoting(c, a);
  if (quick) return quick;
  const [solve, independent] = factorOf(c);
  const active: number[] = [];
  let best = filled(a.length, 0);
  // At the minimum over some of the rows the objective is −½aᵀz: every round raises aᵀz, until rounding errors have the last word.
  let gain = 0;
  for (;;) {
    // The row enters that lowers the objective fastest.
    const slopes = slopesOf(c, a, best);
    const steepest = Math.max(...slopes);
    if (steepest <= flat * Math.sqrt(dot(best, best))) return best;
    const entering = slopes.indexOf(steepest);
    const z = best.slice();
    active.push(entering);
    const ray = independent(active) ? undefined : dependence(c, solve, active, entering);
    if (ray) {
      const positive = ray.map((value) => Math.max(0, value));
      const size = Math.sqrt(dot(positive, positive));
      if (cone && multiply(c, positive).every((value) => Math.abs(value) <= vanishing * size)) return positive;
      advance(z, ray, active, Infinity);
    }
    // To the unconstrained minimum over the active rows, dropping on the way what would turn negative.
    let target = solve(active, a);
    while (advance(z, plus(target, z, -1), active, 1)) target = solve(active, a);
    const now = dot(a, target);
    if (!(now > gain)) return best;
    best = target;
    gain = now;
  }
}

/** The combination of the active rows, with a positive part of the one that entered last, which vanishes or nearly so, if there is one. */
function dependence(c: Matrix, solve: Factor[0], active: number[], entering: number): Float64Array | undefined {
  /** Below this (relative to the size of the combination, squared) a row adds nothing to the span of others. */
  const singular = 1e-15;
  /** A row without its part in the span of the others, as a combination; it is the last one then. */
  const remainder = (i: number) => {
    active.splice(active.indexOf(i), 1);
    const rest = solve(active, c[i]!).map((value) => -value);
    rest[i] = 1;
    active.push(i);
    return rest;
  };
  const first = remainder(entering);
  if (dot(c[entering]!, first) > singular * sizeOf(first) ** 2) return undefined;
  // The others determine the row with the greatest part best.
  const sizes = first.map(Math.abs);
  const most = sizes.indexOf(Math.max(...sizes));
  return remainder(most).map((value) => Math.sign(first[most]!) * value);
}

/** Along `direction` until an active entry reaches 0, which leaves the active set; or not at all where that would be farther than `limit`. */
function advance(z: Float64Array, direction: Float64Array, active: number[], limit: number): boolean {
  let length = limit;
  let blocking = -1;
  for (const [at, i] of active.entries()) {
    const until = z[i]! / -direction[i]!;
    if (direction[i]! < 0 && until <= length) {
      length = until;
      blocking = at;
    }
  }
  if (blocking < 0) return false;
  for (const [i, step] of direction.entries()) z[i] = Math.max(0, z[i]! + length * step);
  z[active[blocking]!] = 0;
  active.splice(blocking, 1);
  return true;
}
