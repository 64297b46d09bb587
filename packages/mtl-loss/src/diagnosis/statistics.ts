/** Mean with its spread over measurements. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation (n − 1); 0 for one value. */
  readonly sd: number;
  readonly count: number;
}

/** Of the finite values; NaN where there is none. */
export function spreadOf(values: readonly number[]): Spread {
  const finite = values.filter(Number.isFinite);
  const count = finite.length;
  const mean = finite.reduce((sum, value) => sum + value / count, count === 0 ? Number.NaN : 0);
  const square = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: count > 1 ? Math.sqrt(square / (count - 1)) : 0, count };
}

/** The standard error of the mean. */
export function standardError({ sd, count }: Spread): number {
  return sd / Math.sqrt(count);
}

export function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The least-squares line through (x, y): its slope and the slope's standard error (0 for fewer than three points). */
export function slopeOf(x: readonly number[], y: readonly number[]): { readonly slope: number; readonly error: number } {
  const [mx, my] = [spreadOf(x).mean, spreadOf(y).mean];
  const sxx = x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  if (!(sxx > 0)) return { slope: 0, error: 0 };
  const slope = x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0) / sxx;
  const residual = x.reduce((sum, value, i) => sum + (y[i]! - my - slope * (value - mx)) ** 2, 0);
  return { slope, error: x.length > 2 ? Math.sqrt(residual / (x.length - 2) / sxx) : 0 };
}
