import { checkCounts, checkNumbers, type LossWeighting } from '@taskloom/core';
import { softmaxOf } from './simplex';

export interface DynamicWeightAverageOptions {
  /** Softness of the softmax. Default 2. */
  readonly temperature?: number;
  /** Steps to take the place of an epoch: then r compares the task's last `window` losses, the step's own included, with as many before. Default: epochs. */
  readonly window?: number;
}

/** Mean losses of the last two epochs (NaN where a task had none), and the epoch under way. */
export interface DynamicWeightAverageState {
  readonly beforeLast: Float64Array;
  readonly last: Float64Array;
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  /** With a window: [tasks, 2 · window], each task's losses, the newest last; else empty. */
  readonly recent: Float64Array;
}

/**
 * Dynamic weight average (S. Liu, E. Johns, A. Davison 2019, arXiv 1803.10704): wᵢ = T · softmaxᵢ(rᵢ / temperature), rᵢ = L̄ᵢ(e−1) / L̄ᵢ(e−2), the
 * ratio of mean losses of the last two epochs: a task whose loss falls slowly gets more. All weights are 1 in the first two epochs.
 * With `window`, which the authors of Nash-MTL use (25 steps), two runs of steps take the place of the two epochs. Cost F + B.
 *
 * `weigh` also takes down the losses of the step; call `endEpoch` after each epoch. T counts the tasks that are present or have a history, so that
 * a schedule of one task a step is balanced as well; a task without a history has r = 1.
 */
export function dynamicWeightAverage({
  temperature = 2,
  window,
}: DynamicWeightAverageOptions = {}): LossWeighting<DynamicWeightAverageState> {
  checkNumbers({ temperature }, 1e-3);
  checkCounts({ window }, 1);
  const width = 2 * (window ?? 0);
  return {
    kind: 'loss-weighting',
    name: 'dynamic-weight-average',
    needs: ['losses'],
    init: (tasks) => ({
      beforeLast: new Float64Array(tasks.length).fill(Number.NaN),
      last: new Float64Array(tasks.length).fill(Number.NaN),
      sums: new Float64Array(tasks.length),
      counts: new Float64Array(tasks.length),
      recent: new Float64Array(tasks.length * width).fill(Number.NaN),
    }),

    weigh(losses, { beforeLast, last, ...before }, { present }) {
      const [sums, counts, recent] = [before.sums.slice(), before.counts.slice(), before.recent.slice()];
      for (const [i, loss] of losses.entries()) {
        if (!(present[i]! > 0 && Number.isFinite(loss))) continue;
        if (window === undefined) {
          sums[i]! += loss;
          counts[i]! += 1;
        } else {
          recent.copyWithin(i * width, i * width + 1, (i + 1) * width);
          recent[(i + 1) * width - 1] = loss;
        }
      }
      /** Means of a window, NaN while one is not full. */
      const meansFrom = (start: number, size: number) =>
        losses.map((_, i) => recent.subarray(i * width + start, i * width + start + size).reduce((a, b) => a + b, 0) / size);
      const means = window === undefined ? { beforeLast, last } : { beforeLast: meansFrom(0, window), last: meansFrom(window, window) };
      return { weights: weightsOf(means, present, temperature), state: { ...means, sums, counts, recent } };
    },

    ...(window === undefined ? { endEpoch: closed, beforehand: true as const } : {}),
  };
}

function weightsOf(
  { beforeLast, last }: Pick<DynamicWeightAverageState, 'beforeLast' | 'last'>,
  present: Float64Array,
  temperature: number,
): Float64Array {
  const ratios = last.map((loss, i) => {
    const ratio = loss / beforeLast[i]!;
    return Number.isFinite(ratio) ? ratio : present[i]! > 0 ? 1 : -Infinity;
  });
  const powers = softmaxOf(ratios.map((ratio) => ratio / temperature));
  const scale = ratios.filter((ratio) => ratio > -Infinity).length;
  return powers.map((power, i) => (present[i]! > 0 ? power * scale : 0));
}

function closed({ beforeLast, last, sums, counts, recent }: DynamicWeightAverageState): DynamicWeightAverageState {
  // A task that this epoch did not see keeps what is known of it.
  const moved = (i: number) => counts[i]! > 0;
  return {
    beforeLast: beforeLast.map((value, i) => (moved(i) ? last[i]! : value)),
    last: last.map((value, i) => (moved(i) ? sums[i]! / counts[i]! : value)),
    sums: new Float64Array(sums.length),
    counts: new Float64Array(counts.length),
    recent,
  };
}
