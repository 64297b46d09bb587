import { sumOf } from './vectors';

/** The nearest point of the simplex (w ≥ 0, Σw = 1) in the Euclidean norm, by sorting (J. Duchi et al. 2008). */
export function ontoSimplex(point: ArrayLike<number>): Float64Array {
  // Moving all entries alike does not move the projection; with the greatest at 0 it survives any size.
  const shifted = lowered(point);
  const sorted = shifted.slice().sort().reverse();
  let sum = 0;
  let threshold = 0;
  for (const [k, value] of sorted.entries()) {
    sum += value;
    const next = (sum - 1) / (k + 1);
    if (value <= next) break;
    threshold = next;
  }
  return shifted.map((value) => Math.max(0, value - threshold));
}

/** exp(xᵢ) / Σ exp(xⱼ) */
export function softmaxOf(logits: ArrayLike<number>): Float64Array {
  return shares(lowered(logits).map(Math.exp));
}

/** With the greatest moved to 0, and all others as far. */
function lowered(values: ArrayLike<number>): Float64Array {
  const greatest = Math.max(...Array.from(values));
  return Float64Array.from(values, (value) => value - greatest);
}

/** xᵢ / Σ xⱼ */
export function shares(values: Float64Array): Float64Array {
  const total = sumOf(values);
  return values.map((value) => value / total);
}
