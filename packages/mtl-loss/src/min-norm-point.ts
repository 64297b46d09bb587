/**
 * The point of least norm in the convex hull of gradients, exactly: w ∈ simplex minimising wᵀGw, for a T×T Gramian (row-major, float64).
 *
 * With unit rows, correlations C, aᵢ = 1/‖gᵢ‖ and wᵢ ∝ aᵢzᵢ this is: minimise ½zᵀCz − aᵀz over z ≥ 0, which an active-set method solves in
 * finitely many steps (C. Lawson, R. Hanson 1974, chapter 23; P. Wolfe 1976). Working on C keeps rows apart that differ by many orders of
 * magnitude. Where a combination of rows vanishes the problem is unbounded: the direction that shows it is then the answer.
 */
export function minNormPoint(gramian: Float64Array, count: number): Float64Array {
  const norms = Float64Array.from({ length: count }, (_, i) => Math.sqrt(Math.max(0, gramian[i * count + i]!)));
  const smallest = norms.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  // A zero row is the least norm there can be.
  if (smallest < Number.MIN_VALUE * 2 ** 52) return shares(norms.map((norm) => (norm === smallest ? 1 : 0)));

  const correlations = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++)
      correlations[i * count + j] = i === j ? 1 : Math.max(-1, Math.min(1, gramian[i * count + j]! / norms[i]! / norms[j]!));
  const a = norms.map((norm) => smallest / norm);
  const z = leastQuadratic(correlations, a);
  return shares(z.map((value, i) => value * a[i]!));
}

/** Below this (relative to the size of the combination, squared) a row adds nothing to the span of others. */
const singular = 1e-14;
/** A combination of unit rows of this squared norm is zero. */
const vanishing = 1e-13;
/** A slope of this share of its terms is a rounding error. */
const rounding = 1e-14;
/** Least pivot of the Cholesky factor; C has a unit diagonal. */
const pivot = 1e-15;

/** argmin over z ≥ 0 of ½zᵀCz − aᵀz, or a direction z ≥ 0 with Cz = 0 along which it falls for ever. C has a unit diagonal, a > 0. */
function leastQuadratic(c: Float64Array, a: Float64Array): Float64Array {
  const count = a.length;
  const ones = new Float64Array(count).fill(1);
  let z: Float64Array = new Float64Array(count);
  let active: number[] = [];
  let best = { z, active, norm: Number.POSITIVE_INFINITY };
  let entering = -1;
  // Every round lowers the norm, unless rounding errors have the last word: then back to the best, without the row that did not help.
  const useless = new Set<number>();
  for (let round = 0; round < 20 * count + 50; round++) {
    if (round > 0) {
      const norm = relativeNorm(c, a, z);
      if (norm < best.norm) {
        best = { z, active: [...active], norm };
        useless.clear();
      } else {
        useless.add(entering);
        z = best.z;
        active = [...best.active];
      }
    }
    entering = steepest(c, a, z, (j) => active.includes(j) || useless.has(j), active);
    if (entering < 0) break;
    // The entering row as a combination y of the active ones, and what it adds to their span.
    const y = solve(
      c,
      active,
      active.map((i) => c[i * count + entering]!),
    );
    const added = 1 - active.reduce((sum, i, k) => sum + c[i * count + entering]! * y[k]!, 0);
    const size = y.reduce((sum, value) => sum + Math.abs(value), 1);
    if (added <= singular * size * size) {
      const direction = new Float64Array(count);
      for (const [k, i] of active.entries()) direction[i] = -y[k]!;
      direction[entering] = 1;
      const ray = direction.map((value) => Math.max(0, value));
      if (relativeNorm(c, ones, ray) <= vanishing) return ray;
      const step = longestStep(z, direction, active);
      if (step === undefined) return ray;
      z = z.map((value, i) => Math.max(0, value + step.length * direction[i]!));
      z[step.blocking] = 0;
      active.splice(active.indexOf(step.blocking), 1, entering);
    } else active.push(entering);

    // To the unconstrained minimum over the active rows, dropping on the way what would turn negative.
    while (active.length > 0) {
      const target = new Float64Array(count);
      const values = solve(
        c,
        active,
        active.map((i) => a[i]!),
      );
      for (const [k, i] of active.entries()) target[i] = values[k]!;
      const direction = target.map((value, i) => value - z[i]!);
      const step = active.some((i) => target[i]! <= 0) ? longestStep(z, direction, active) : undefined;
      if (step === undefined || step.length >= 1) {
        z = target.map((value) => Math.max(0, value));
        break;
      }
      z = z.map((value, i) => Math.max(0, value + step.length * direction[i]!));
      z[step.blocking] = 0;
      active.splice(active.indexOf(step.blocking), 1);
    }
  }
  return best.z;
}

/** zᵀCz / (aᵀz)²: the squared norm of the combination that z stands for. */
function relativeNorm(c: Float64Array, a: Float64Array, z: Float64Array): number {
  const count = a.length;
  let square = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (z[i] === 0) continue;
    total += a[i]! * z[i]!;
    for (let j = 0; j < count; j++) square += z[i]! * c[i * count + j]! * z[j]!;
  }
  return square / total / total;
}

/** The row not `closed` whose entry lowers the objective fastest, or −1 at the optimum. */
function steepest(c: Float64Array, a: Float64Array, z: Float64Array, closed: (j: number) => boolean, active: readonly number[]): number {
  const count = a.length;
  let best = -1;
  let most = 0;
  for (let j = 0; j < count; j++) {
    if (closed(j)) continue;
    let slope = a[j]!;
    let magnitude = a[j]!;
    for (const i of active) {
      slope -= c[j * count + i]! * z[i]!;
      magnitude += Math.abs(c[j * count + i]!) * z[i]!;
    }
    if (slope > most && slope > rounding * magnitude) {
      best = j;
      most = slope;
    }
  }
  return best;
}

/** How far z may go along `direction` before an active entry reaches 0, and which one. */
function longestStep(
  z: Float64Array,
  direction: Float64Array,
  active: readonly number[],
): { length: number; blocking: number } | undefined {
  let found: { length: number; blocking: number } | undefined;
  for (const i of active) {
    if (direction[i]! >= 0) continue;
    const length = z[i]! / -direction[i]!;
    if (!found || length < found.length) found = { length, blocking: i };
  }
  return found;
}

/** C restricted to `active`, solved by Cholesky with one step of refinement. */
function solve(c: Float64Array, active: readonly number[], right: readonly number[]): Float64Array {
  const n = active.length;
  const count = Math.round(Math.sqrt(c.length));
  const at = (i: number, j: number) => c[active[i]! * count + active[j]!]!;
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = at(i, j);
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(Math.max(sum, pivot)) : sum / lower[j * n + j]!;
    }
  }
  const backSubstitute = (b: Float64Array): Float64Array => {
    const x = b.slice();
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) x[i]! -= lower[i * n + k]! * x[k]!;
      x[i]! /= lower[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) x[i]! -= lower[k * n + i]! * x[k]!;
      x[i]! /= lower[i * n + i]!;
    }
    return x;
  };
  const x = backSubstitute(Float64Array.from(right));
  const residual = Float64Array.from(right, (value, i) => {
    for (let k = 0; k < n; k++) value -= at(i, k) * x[k]!;
    return value;
  });
  const correction = backSubstitute(residual);
  return x.map((value, i) => value + correction[i]!);
}

function shares(values: Float64Array): Float64Array {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
}
