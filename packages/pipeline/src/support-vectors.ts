/** Rows of features: those of row i stand at `starts[i]` … `starts[i + 1] − 1`; none occurs twice in a row. */
export interface SparseRows {
  readonly starts: Int32Array;
  readonly ids: Int32Array;
  readonly values: Float32Array;
}

export interface MachineOptions {
  /** What a row outside the margin costs: C, times the row's own share. Default 1. */
  readonly cost?: number;
  /** One a row, ≥ 0. Default 1 each. */
  readonly shares?: Float32Array;
  /** Where the projected gradients of the dual lie closer together than this, it is solved. Default 0.1. */
  readonly tolerance?: number;
  /** Passes over the rows at most; more decide little. Default 30. */
  readonly passes?: number;
}

/**
 * A linear support vector machine: argmin_{w, b} ½(‖w‖² + b²) + Σᵢ Cᵢ·max(0, 1 − yᵢ(w·xᵢ + b))², yᵢ = 1 for `positive` rows and −1 for others. By coordinate descent
 * on the dual, in double precision, passing over rows that stay outside of the margin: Hsieh et al. 2008, "A dual coordinate descent method for large-scale linear SVM", algorithm 3.
 * `weights` (zero at the start) gets w; returns b. The same rows give the same bits.
 */
export function supportVectors(
  { starts, ids, values }: SparseRows,
  positive: (row: number) => boolean,
  weights: Float64Array,
  { cost = 1, shares, tolerance = 0.1, passes = 30 }: MachineOptions = {},
): number {
  const rows = starts.length - 1;
  const alpha = new Float64Array(rows);
  // Row i adds αᵢ²/(4Cᵢ) to the dual; its curvature along αᵢ is that of ‖(xᵢ, 1)‖² beside it.
  const slack = Float64Array.from(alpha, (_, i) => 1 / (2 * cost * (shares?.[i] ?? 1)));
  const curvature = Float64Array.from(slack, (own, i) => {
    let norm = 1 + own;
    for (let at = starts[i]!; at < starts[i + 1]!; at++) norm += values[at]! ** 2;
    return norm;
  });
  const order = new Int32Array(rows);
  let count = 0;
  for (let i = 0; i < rows; i++) if (Number.isFinite(slack[i]!)) order[count++] = i;
  const all = count;
  const draw = xorshift(all + 1);
  let bias = 0;
  let outside = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < passes; pass++) {
    let greatest = Number.NEGATIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    for (let s = 0; s < count; s++) {
      const other = s + Math.floor(draw() * (count - s));
      const i = order[other]!;
      order[other] = order[s]!;
      order[s] = i;
      const end = starts[i + 1]!;
      const sign = positive(i) ? 1 : -1;
      let score = bias;
      for (let at = starts[i]!; at < end; at++) score += weights[ids[at]!]! * values[at]!;
      const gradient = sign * score - 1 + alpha[i]! * slack[i]!;
      const bound = alpha[i] === 0;
      if (bound && gradient > outside) {
        order[s] = order[--count]!;
        order[count] = i;
        s--;
        continue;
      }
      const projected = bound ? Math.min(gradient, 0) : gradient;
      greatest = Math.max(greatest, projected);
      least = Math.min(least, projected);
      if (Math.abs(projected) < 1e-12) continue;
      const next = Math.max(0, alpha[i]! - gradient / curvature[i]!);
      const change = sign * (next - alpha[i]!);
      alpha[i] = next;
      bias += change;
      for (let at = starts[i]!; at < end; at++) weights[ids[at]!]! += change * values[at]!;
    }
    if (greatest - least <= tolerance) {
      if (count === all) break;
      count = all;
      outside = Number.POSITIVE_INFINITY;
    } else outside = greatest > 0 ? greatest : Number.POSITIVE_INFINITY;
  }
  return bias;
}

/** Numbers in [0, 1): Marsaglia 2003, "Xorshift RNGs". */
function xorshift(seed: number): () => number {
  let x = seed | 0;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}
