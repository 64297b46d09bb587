import { dot, sumOf } from './vectors';

type Numbers = readonly number[] | Float64Array;

/** The nearest point of the simplex (w ≥ 0, Σw = 1) in the Euclidean norm, by sorting (J. Duchi et al. 2008). */
export function ontoSimplex(point: Numbers): Float64Array {
  // Moving all entries alike does not move the projection; with the greatest at 0 it survives any size.
  const shifted = lowered(point);
  const sorted = shifted.slice().sort().reverse();
  // What the k greatest have to be lowered by to sum to 1: most for those that stay above 0.
  let sum = -1;
  let threshold = -1;
  for (const [k, value] of sorted.entries()) {
    sum += value;
    threshold = Math.max(threshold, sum / (k + 1));
  }
  return shifted.map((value) => Math.max(0, value - threshold));
}

/** exp(xᵢ) / Σ exp(xⱼ), times `whole` */
export function softmaxOf(logits: Numbers, whole?: number): Float64Array {
  return shares(lowered(logits).map(Math.exp), whole);
}

/** Derivatives with respect to logits, from those with respect to their softmax, `weights` of sum `whole`. */
export function throughSoftmax(weights: Float64Array, slopes: Float64Array, whole = 1): Float64Array {
  const mean = dot(weights, slopes) / whole;
  return weights.map((weight, i) => weight * (slopes[i]! - mean));
}

/** With the greatest moved to 0, and all others as far. */
function lowered(values: Numbers): Float64Array {
  const greatest = Math.max(...values);
  return Float64Array.from(values, (value) => value - greatest);
}

/** xᵢ / Σ xⱼ, times `whole`; 0 where all are 0. */
export function shares(values: Float64Array, whole = 1): Float64Array {
  const total = sumOf(values);
  return values.map((value) => (value * whole) / (total || 1));
}
