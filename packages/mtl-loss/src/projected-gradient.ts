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
    // As far down the slope, made tangential, as the entries allow that are not at a bound yet; then back onto the simplex.
    const mean = meanOf(slope);
    const down = slope.map((value) => mean - value);
    const least = (steps: Float64Array) => steps.reduce((a, b) => (b > 1e-7 ? Math.min(a, b) : a), Infinity);
    const fall = least(w.map((value, i) => -value / down[i]!));
    const rise = least(w.map((value, i) => (1 - value) / down[i]!));
    const next = ontoSimplex(plus(w, down, Math.min(Number.isFinite(fall) ? fall : 1, rise)));
    const [share] = between(dot(w, slope), dot(next, slope), quadratic(gramian, next), clamp);
    const way = plus(next, w, -1);
    if ((1 - share) * sizeOf(way) < epsilon) break;
    w = plus(w, way, 1 - share);
  }
  return w;
}

/** The share of the first of two vectors at the least norm between them, from their inner products, and the square of that norm (the end's, where it is at an end). */
export function between(first: number, mixed: number, second: number, clamp: number): [share: number, square: number] {
  if (mixed >= first) return [1 - clamp, first];
  if (mixed >= second) return [clamp, second];
  const share = (second - mixed) / (first + second - 2 * mixed);
  return [share, second + share * (mixed - second)];
}

function bestPair(gramian: Matrix, clamp: number): Float64Array {
  let least = Infinity;
  let best = placed(gramian.length, [0], [1]);
  for (const [i, row] of gramian.entries()) {
    for (let j = i + 1; j < row.length; j++) {
      const [share, square] = between(row[i]!, row[j]!, gramian[j]![j]!, clamp);
      if (square < least) {
        least = square;
        best = placed(row.length, [i, j], [share, 1 - share]);
      }
    }
  }
  return best;
}
