/** So many times the same; NaN, for what is not known yet, where it is not said. */
export function filled(count: number, value = Number.NaN): Float64Array {
  return new Float64Array(count).fill(value);
}

/** The values at the places named. */
export function picked(values: ArrayLike<number>, places: readonly number[]): Float64Array {
  return Float64Array.from(places, (i) => values[i]!);
}

/** `count` values: these at the places named, elsewhere 0. */
export function placed(count: number, places: readonly number[], values: ArrayLike<number>): Float64Array {
  const all = new Float64Array(count);
  for (const [k, i] of places.entries()) all[i] = values[k]!;
  return all;
}

/** One after another. */
export function joined(...parts: readonly Iterable<number>[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** Σ aᵢ */
export function sumOf(a: Iterable<number>): number {
  let sum = 0;
  for (const value of a) sum += value;
  return sum;
}

export function meanOf(a: ArrayLike<number> & Iterable<number>): number {
  return sumOf(a) / a.length;
}

/** aᵢ / mean, of `count` values; 1 where the mean is 0. */
export function relative(a: Float64Array, count = a.length): Float64Array {
  const mean = sumOf(a) / count;
  return a.map((value) => (mean > 0 ? value / mean : 1));
}

/** Σ |aᵢ| */
export function sizeOf(a: Float64Array): number {
  return sumOf(a.map(Math.abs));
}

/** The value, or the nearer of ±limit. */
export function clamped(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}

/** The places from the least value to the greatest; of equal ones the first comes first. */
export function ranked(a: Float64Array): number[] {
  return [...a.keys()].sort((i, j) => a[i]! - a[j]!);
}

/** aᵀb */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** value − aᵀb of the first `length` entries, taken away one after another: what nearly cancels has smaller rounding errors so. */
export function without(value: number, a: ArrayLike<number>, b: ArrayLike<number>, length = a.length): number {
  let rest = value;
  for (let i = 0; i < length; i++) rest -= a[i]! * b[i]!;
  return rest;
}

/** a + factor b */
export function plus(a: Float64Array, b: ArrayLike<number>, factor = 1): Float64Array {
  return a.map((value, i) => value + factor * b[i]!);
}
