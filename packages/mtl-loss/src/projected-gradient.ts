import { type Matrix, multiply, quadratic } from './matrix';
import { ontoSimplex } from './simplex';
import { dot, meanOf, placed, plus, sizeOf } from './vectors';

/**
 * min wᵀGw over the simplex as O. Sener and V. Koltun's published code does it: the best point between two rows, then projected gradient steps with exact line search
 * until a step changes w by less than `epsilon` (sum of absolute values) or after `iterations`. No line search goes nearer to an end than `clamp`.
 * An approximation for three rows and more; see `minNormPoint`.
 */
export function projectedGradient(gramian: Matrix, epsilon: number, iterations: number, clamp: number): Float64Array {
  let w = bestPair(gramian, clamp);
  if (w.length <= 2) return w;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const slope = multiply(gramian, w);
    const next = nextPoint(w, slope);
    const share = between(dot(w, slope), dot(next, slope), quadratic(gramian, next), clamp);
    const change = plus(next, w, -1).map((value) => (1 - share) * value);
    if (sizeOf(change) < epsilon) break;
    w = plus(w, change);
  }
  return w;
}

/** The share of the first of two vectors at the least norm between them, from their inner products. */
export function between(first: number, mixed: number, second: number, clamp: number): number {
  if (mixed >= first) return 1 - clamp;
  if (mixed >= second) return clamp;
  return (second - mixed) / (first + second - 2 * mixed);
}

function bestPair(gramian: Matrix, clamp: number): Float64Array {
  let least = Infinity;
  let best = placed(gramian.length, [0], [1]);
  for (const [i, row] of gramian.entries()) {
    for (let j = i + 1; j < row.length; j++) {
      const [first, mixed, second] = [row[i]!, row[j]!, gramian[j]![j]!];
      const share = between(first, mixed, second, clamp);
      const square = mixed >= first ? first : mixed >= second ? second : second + share * (mixed - second);
      if (square < least) {
        least = square;
        best = placed(row.length, [i, j], [share, 1 - share]);
      }
    }
  }
  return best;
}

/** As far down the slope, made tangential, as the entries allow that are not at a bound yet; then back onto the simplex. */
function nextPoint(w: Float64Array, slope: Float64Array): Float64Array {
  const mean = meanOf(slope);
  const way = slope.map((value) => mean - value);
  const least = (steps: Float64Array) => steps.reduce((a, b) => (b > 1e-7 ? Math.min(a, b) : a), Infinity);
  const fall = least(w.map((value, i) => -value / way[i]!));
  const rise = least(w.map((value, i) => (1 - value) / way[i]!));
  const step = Math.min(Number.isFinite(fall) ? fall : 1, rise);
  return ontoSimplex(plus(w, way, step));
}
