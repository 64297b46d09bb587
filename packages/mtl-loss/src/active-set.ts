import { blockPivoting } from './block-pivoting';
import { Factor } from './factor';

/** Below this (relative to the size of the combination, squared) a row adds nothing to the span of others. */
const singular = 1e-15;
/** A combination z of unit rows is zero if no row has a greater product with it, in units of ‖z‖. */
const vanishing = 1e-11;
/** A slope of this share of its terms is a rounding error. */
const rounding = 1e-14;
/** A slope of this share of ‖z‖ gains nothing. */
const flat = 4e-12;

/**
 * argmin over z ≥ 0 of ½zᵀCz − aᵀz, C positive semidefinite with a unit diagonal, exactly: an active-set method that ends after finitely many steps
 * (C. Lawson, R. Hanson 1974, chapter 23; P. Wolfe 1976). O(n²) a step.
 *
 * With `cone`, a > 0 and only the direction of z matters: where the problem is unbounded, a z ≥ 0 with Cz = 0 is the answer. Without it, a lies in the range
 * of C up to rounding.
 */
export function leastQuadratic(c: Float64Array, a: Float64Array, cone: boolean): Float64Array {
  const quick = blockPivoting(c, a);
  if (quick) return quick;
  const count = a.length;
  const factor = new Factor(c, count);
  const { active } = factor;
  let z = new Float64Array(count);
  const value = () => (cone ? reciprocal(a, z, active) : objective(c, a, z, active));
  let best = { z, active: [] as number[], value: cone ? Number.POSITIVE_INFINITY : 0 };
  // Of all minima over active rows the one nearest to the conditions of optimality, should rounding errors prevail at last.
  let most = { z, residual: Number.POSITIVE_INFINITY };
  let entering = -1;
  // Every round lowers the value, unless rounding errors have the last word: then back to the best, without the row that did not help.
  const useless = new Set<number>();
  for (let round = 0; round < 20 * count + 50; round++) {
    if (round > 0) {
      const now = value();
      if (now < best.value) {
        best = { z: z.slice(), active: [...active], value: now };
        useless.clear();
      } else {
        useless.add(entering);
        z = best.z.slice();
        factor.reset(best.active);
      }
    }
    const found = steepest(c, a, z, active, useless);
    if (found.residual < most.residual) most = { z: z.slice(), residual: found.residual };
    entering = found.row;
    if (entering < 0) break;
    // The entering row as a combination y of the active ones, and what it adds to their span.
    const y = factor.solve(active.map((i) => c[i * count + entering]!));
    let added = 1;
    let size = 1;
    for (const [k, i] of active.entries()) {
      added -= c[i * count + entering]! * y[k]!;
      size += Math.abs(y[k]!);
    }
    if (added <= singular * size * size) {
      const direction = new Float64Array(count);
      for (const [k, i] of active.entries()) direction[i] = -y[k]!;
      direction[entering] = 1;
      if (cone) {
        const ray = direction.map((value) => Math.max(0, value));
        if (vanishes(c, ray)) return ray;
      }
      const step = longestStep(z, direction, active);
      if (step) {
        move(z, direction, active, step);
        factor.remove(step.blocking);
        z[entering] = step.length;
      }
    }
    factor.add(entering);

    // To the unconstrained minimum over the active rows, dropping on the way what would turn negative.
    while (active.length > 0) {
      const target = factor.solve(active.map((i) => a[i]!));
      const direction = new Float64Array(count);
      let turns = false;
      for (const [k, i] of active.entries()) {
        direction[i] = target[k]! - z[i]!;
        if (target[k]! <= 0) turns = true;
      }
      const step = turns ? longestStep(z, direction, active) : undefined;
      if (!step || step.length >= 1) {
        for (const [k, i] of active.entries()) z[i] = Math.max(0, target[k]!);
        break;
      }
      move(z, direction, active, step);
      factor.remove(step.blocking);
    }
  }
  return most.z;
}

/** 1/aᵀz, which is zᵀCz/(aᵀz)², the squared norm of the combination, where z is the minimum over its active rows; and has no cancellation. */
function reciprocal(a: Float64Array, z: Float64Array, active: readonly number[]): number {
  let total = 0;
  for (const i of active) total += a[i]! * z[i]!;
  return 1 / total;
}

function objective(c: Float64Array, a: Float64Array, z: Float64Array, active: readonly number[]): number {
  let value = 0;
  for (const i of active) {
    let slope = -a[i]!;
    for (const j of active) slope += 0.5 * c[i * a.length + j]! * z[j]!;
    value += z[i]! * slope;
  }
  return value;
}

function vanishes(c: Float64Array, z: Float64Array): boolean {
  const count = z.length;
  const products = new Float64Array(count);
  for (let i = 0; i < count; i++) if (z[i]) for (let j = 0; j < count; j++) products[j]! += z[i]! * c[i * count + j]!;
  const size = Math.sqrt(z.reduce((sum, value) => sum + value * value, 0));
  return products.every((value) => Math.abs(value) <= vanishing * size);
}

/** The row, neither active nor useless, whose entry lowers the objective fastest, or −1 at the optimum; and how far from it z is, in units of ‖z‖. */
function steepest(
  c: Float64Array,
  a: Float64Array,
  z: Float64Array,
  active: readonly number[],
  useless: ReadonlySet<number>,
): { readonly row: number; readonly residual: number } {
  const count = a.length;
  const slopes = a.slice();
  const magnitudes = a.map(Math.abs);
  for (const i of active) {
    for (let j = 0; j < count; j++) {
      const term = c[i * count + j]! * z[i]!;
      slopes[j]! -= term;
      magnitudes[j]! += Math.abs(term);
    }
  }
  let square = 0;
  for (const i of active) {
    square += z[i]! * z[i]!;
    slopes[i] = Math.abs(slopes[i]!);
  }
  const size = Math.sqrt(square);
  const residual = slopes.reduce((worst, slope) => Math.max(worst, slope), 0) / size;
  for (const i of active) slopes[i] = 0;
  for (const i of useless) slopes[i] = 0;
  let row = -1;
  for (let j = 0; j < count; j++)
    if (slopes[j]! > (row < 0 ? flat * size : slopes[row]!) && slopes[j]! > rounding * magnitudes[j]!) row = j;
  // Without a size, at 0, everything is open.
  return { row, residual: residual >= 0 ? residual : Number.POSITIVE_INFINITY };
}

interface Step {
  readonly length: number;
  readonly blocking: number;
}

/** How far z may go along `direction` before an active entry reaches 0, and which one. */
function longestStep(z: Float64Array, direction: Float64Array, active: readonly number[]): Step | undefined {
  let found: Step | undefined;
  for (const i of active) {
    if (direction[i]! >= 0) continue;
    const length = z[i]! / -direction[i]!;
    if (!found || length < found.length) found = { length, blocking: i };
  }
  return found;
}

function move(z: Float64Array, direction: Float64Array, active: readonly number[], { length, blocking }: Step): void {
  for (const i of active) z[i] = Math.max(0, z[i]! + length * direction[i]!);
  z[blocking] = 0;
}
