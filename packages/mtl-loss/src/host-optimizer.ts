export interface HostAdamOptions {
  readonly learningRate: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
}

/** Moments and number of updates of each entry. */
export interface HostAdamState {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly updates: Float64Array;
}

export function hostAdamState(count: number): HostAdamState {
  return { mean: new Float64Array(count), variance: new Float64Array(count), updates: new Float64Array(count) };
}

/**
 * One step of Adam (D. Kingma, J. Ba 2015, arXiv 1412.6980) on a few numbers in float64. Entries whose `moves` is not positive, those of absent tasks,
 * stay as they are, moments and bias correction included.
 */
export function hostAdam(
  values: Float64Array,
  gradient: ArrayLike<number>,
  state: HostAdamState,
  moves: ArrayLike<number>,
  { learningRate, beta1 = 0.9, beta2 = 0.999 }: HostAdamOptions,
): { values: Float64Array; state: HostAdamState } {
  const next = { mean: state.mean.slice(), variance: state.variance.slice(), updates: state.updates.slice() };
  const moved = values.slice();
  for (let i = 0; i < values.length; i++) {
    if (!(moves[i]! > 0)) continue;
    next.updates[i]! += 1;
    next.mean[i] = beta1 * next.mean[i]! + (1 - beta1) * gradient[i]!;
    next.variance[i] = beta2 * next.variance[i]! + (1 - beta2) * gradient[i]! ** 2;
    const t = next.updates[i]!;
    const deviation = Math.sqrt(next.variance[i]! / (1 - beta2 ** t));
    moved[i]! -= (learningRate * (next.mean[i]! / (1 - beta1 ** t))) / (deviation + 1e-8);
  }
  return { values: moved, state: next };
}
