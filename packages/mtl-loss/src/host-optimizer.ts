import { byPresence } from './present-tasks';
import { filled, plus } from './vectors';

/** Moments and number of updates of each entry. */
export interface HostAdamState {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly updates: Float64Array;
}

export function hostAdamState(count: number): HostAdamState {
  return { mean: filled(count, 0), variance: filled(count, 0), updates: filled(count, 0) };
}

/**
 * One step of Adam (D. Kingma, J. Ba 2015, arXiv 1412.6980) on a few numbers in float64. Entries whose `moves` is 0 and not 1, those of absent tasks,
 * stay as they are, moments and bias correction included.
 */
export function hostAdam(
  values: Float64Array,
  gradient: ArrayLike<number>,
  state: HostAdamState,
  moves: Float64Array,
  learningRate: number,
  beta1 = 0.9,
  beta2 = 0.999,
): [values: Float64Array, state: HostAdamState] {
  const average = (before: Float64Array, beta: number, value: (i: number) => number) =>
    byPresence(moves, (i) => beta * before[i]! + (1 - beta) * value(i), before);
  const updates = plus(state.updates, moves);
  const mean = average(state.mean, beta1, (i) => gradient[i]!);
  const variance = average(state.variance, beta2, (i) => gradient[i]! ** 2);
  const unbiased = (moment: Float64Array, beta: number, i: number) => moment[i]! / (1 - beta ** updates[i]!);
  const moved = (i: number) => values[i]! - (learningRate * unbiased(mean, beta1, i)) / (Math.sqrt(unbiased(variance, beta2, i)) + 1e-8);
  return [byPresence(moves, moved, values), { mean, variance, updates }];
}
