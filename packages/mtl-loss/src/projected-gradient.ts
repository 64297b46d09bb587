import { dot, multiply } from './products';
import { ontoSimplex } from './simplex';

/**
 * min wᵀGw over the simplex as O. Sener and V. Koltun's published code does it: the best point between two rows, then projected gradient steps with exact line search
 * until a step changes w by less than `epsilon` (sum of absolute values) or after `iterations`. No line search goes nearer to an end than `clamp`.
 * An approximation for three rows and more; see `minNormPoint`.
 */
export function projectedGradient(gramian: Float64Array, count: number, epsilon: number, iterations: number, clamp: number): Float64Array {
  let w = bestPair(gramian, count, clamp);
  if (count <= 2) return w;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const slope = multiply(gramian, w).products;
    const next = nextPoint(w, slope);
    const share = between(dot(w, slope), dot(next, slope), dot(next, multiply(gramian, next).products), clamp);
    const moved = w.map((value, i) => share * value + (1 - share) * next[i]!);
    const change = moved.reduce((sum, value, i) => sum + Math.abs(value - w[i]!), 0);
    if (change < epsilon) break;
    w = moved;
  }
  return w;
}

/** The share of the first of two vectors at the least norm between them, from their inner products. */
export function between(first: number, mixed: number, second: number, clamp: number): number {
  if (mixed >= first) return 1 - clamp;
  if (mixed >= second) return clamp;
  return (second - mixed) / (first + second - 2 * mixed);
}

function bestPair(gramian: Float64Array, count: number, clamp: number): Float64Array {
  let least = Infinity;
  let best = new Float64Array(count);
  best[0] = 1;
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const [first, mixed, second] = [gramian[i * count + i]!, gramian[i * count + j]!, gramian[j * count + j]!];
      const share = between(first, mixed, second, clamp);
      const square = mixed >= first ? first : mixed >= second ? second : second + share * (mixed - second);
      if (square < least) {
        least = square;
        best = new Float64Array(count);
        best[i] = share;
        best[j] = 1 - share;
      }
    }
  }
  return best;
}

/** As far down the slope, made tangential, as the entries allow that are not at a bound yet; then back onto the simplex. */
function nextPoint(w: Float64Array, slope: Float64Array): Float64Array {
  const mean = slope.reduce((a, b) => a + b) / w.length;
  const way = slope.map((value) => mean - value);
  const least = (steps: Float64Array) => steps.reduce((a, b) => (b > 1e-7 ? Math.min(a, b) : a), Infinity);
  const fall = least(w.map((value, i) => -value / way[i]!));
  const rise = least(w.map((value, i) => (1 - value) / way[i]!));
  const step = Math.min(Number.isFinite(fall) ? fall : 1, rise);
  return ontoSimplex(w.map((value, i) => value + step * way[i]!));
}
