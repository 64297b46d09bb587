import { factorOf } from './factor';
import { type Matrix, mapped, multiply, quadratic } from './matrix';
import { minNormPoint } from './min-norm-point';
import { normsOf, tiny } from './unit-rows';
import { dot, filled, plus } from './vectors';

/** The squared norm of a combination, relative to Σ wᵢ²‖gᵢ‖² (a zero row as the shortest other), below which it is zero. */
const vanishing = 1e-11;
const accuracy = 1e-13;
/** Which rows take part for t → 0 is seen at this share of its greatest value. */
const limit = 1e-6;

export interface BallPoint {
  /** Weights of c‖g₀‖/‖g_w‖ · g_w, which is what the best d of the ball ‖d − g₀‖ ≤ c‖g₀‖ adds to the mean g₀. */
  readonly extra: Float64Array;
  /** ‖g_w‖ */
  readonly norm: number;
}

/**
 * min over w ∈ simplex of g_w·g₀ + κ‖g_w‖, κ = c‖g₀‖, for a T×T Gramian of trace 1. For a given s = ‖g_w‖ it is a quadratic program, min ½‖g_w‖² + t g_w·g₀ with t = s/κ,
 * that is the point of least norm among gᵢ + t g₀; and s is where ‖g_w‖ = κt. As long as the same rows take part w is linear in t, w = p + tq, and
 * ‖g_w‖² = ‖g_p‖² + t²‖g_q‖²: so t is found in closed form once it is known which rows do, by a bracket until then.
 */
export function ballPoint(gramian: Matrix, c: number): BallPoint {
  const count = gramian.length;
  const middle = filled(count, 1 / count);
  const products = multiply(gramian, middle);
  const square = dot(middle, products);
  const kappa = c * Math.sqrt(Math.max(0, square));
  const start = minNormPoint(gramian);
  if (!(kappa > 0)) return { extra: new Float64Array(count), norm: Math.sqrt(Math.max(0, quadratic(gramian, start))) };

  const at = (t: number) => minNormPoint(mapped(gramian, (product, i, j) => product + t * (products[i]! + products[j]!) + t * t * square));
  let low = 0;
  let high = 1 / kappa;
  let line = lineOf(gramian, products, start);
  let t = crossing(line, kappa);
  for (let round = 0; round < 100; round++) {
    // Zero is the limit of smaller and smaller t.
    if (t === 0 && high <= limit / kappa) break;
    const guess: number = t === 0 ? high / 1e3 : t !== undefined && t > low && t < high ? t : (low + high) / 2;
    const w = at(guess);
    line = lineOf(gramian, products, w);
    t = crossing(line, kappa);
    if (t !== undefined && Math.abs(t - guess) <= accuracy * guess) break;
    if (quadratic(gramian, w) > (kappa * guess) ** 2) low = guess;
    else high = guess;
    if (high - low <= accuracy * high) {
      t = guess;
      break;
    }
  }
  // w/t = p/t + q, where g_p = 0 leaves q alone.
  return !t ? { extra: line.q, norm: 0 } : { extra: plus(line.q, line.p, 1 / t), norm: kappa * t };
}

/** w(t) = p + tq over the rows that have a part in some w, and ‖g_p‖², ‖g_q‖². */
interface Line {
  readonly p: Float64Array;
  readonly q: Float64Array;
  readonly constant: number;
  readonly growth: number;
}

/** The stationary points of ½‖g_w‖² + t g_w·g₀ over the plane Σ w = 1 of the rows with wᵢ > 0. */
function lineOf(gramian: Matrix, products: Float64Array, w: Float64Array): Line {
  const norms = normsOf(gramian);
  // One zero row stands for all of them.
  let zeros = 0;
  const rows = [...w.keys()].filter((i) => w[i]! > 0 && (norms[i]! >= tiny || zeros++ === 0));
  const shown = rows.map((i) => norms[i]!).filter((norm) => norm >= tiny);
  const smallest = shown.length > 0 ? Math.min(...shown) : 1;
  // In units of the rows' norms, with aaᵀ added (a constant on the plane aᵀz = smallest) so that a vanishing combination does not make it singular.
  const own = norms.map((norm) => (norm >= tiny ? norm : smallest));
  const a = own.map((norm) => smallest / norm);
  const unit = mapped(gramian, (product, i, j) => product / own[i]! / own[j]! + a[i]! * a[j]!);
  const factor = factorOf(unit, rows);
  const x = factor.solve(a);
  const y = factor.solve(products.map((product, i) => -product / own[i]!));
  const [ax, ay] = [dot(a, x), dot(a, y)];
  const p = x.map((value, i) => (value / ax / own[i]!) * smallest);
  const q = y.map((value, i) => (value - (x[i]! * ay) / ax) / own[i]!);
  const least = vanishing * dot(x, x) * (smallest / ax) ** 2;
  const constant = quadratic(gramian, p);
  return { p, q, constant: constant <= least ? 0 : constant, growth: Math.max(0, quadratic(gramian, q)) };
}

/** t with ‖g_p‖² + t²‖g_q‖² = κ²t², if there is one. */
function crossing({ constant, growth }: Line, kappa: number): number | undefined {
  const slope = kappa * kappa - growth;
  return slope > 0 ? Math.sqrt(constant / slope) : undefined;
}
