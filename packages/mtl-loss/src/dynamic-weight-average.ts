import { checkCounts, checkNumbers, type LossWeighting } from '@taskloom/core';
import { type LossSums, noLosses, withLosses } from './loss-sums';
import { byPresence, placesOf } from './present-tasks';
import { softmaxOf } from './simplex';
import { filled, meanOf } from './vectors';

export interface DynamicWeightAverageOptions {
  /** Softness of the softmax. Default 2. */
  readonly temperature?: number;
  /** Steps to take the place of an epoch: then r compares the task's last `window` losses, the step's own included, with as many before. Default: epochs. */
  readonly window?: number;
}

/** Mean losses of the last two epochs (NaN where a task had none), and the epoch under way. */
export interface DynamicWeightAverageState extends LossSums {
  readonly beforeLast: Float64Array;
  readonly last: Float64Array;
  /** With a window: [tasks, 2 · window], each task's losses, the newest last; else empty. */
  readonly recent: Float64Array;
}

/**
 * Dynamic weight average (S. Liu, E. Johns, A. Davison 2019, arXiv 1803.10704): wᵢ = T · softmaxᵢ(rᵢ / temperature), rᵢ = L̄ᵢ(e−1) / L̄ᵢ(e−2), the
 * ratio of mean losses of the last two epochs: a task whose loss falls slowly gets more. All weights are 1 in the first two epochs.
 * With `window`, which the authors of Nash-MTL use (25 steps), two runs of steps take the place of the two epochs, and a compiled step is cut in two at its losses. Cost F + B.
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
    init: ({ length }) => ({
      beforeLast: filled(length),
      last: filled(length),
      ...noLosses(length),
      recent: filled(length * width),
    }),

    weigh(losses, { beforeLast, last, recent: before, ...sums }, { present }) {
      const recent = before.slice();
      if (!window) sums = withLosses(sums, losses, present);
      else {
        const row = (i: number) => recent.subarray(i * width, (i + 1) * width);
        for (const i of placesOf(present)) if (Number.isFinite(losses[i])) row(i).copyWithin(0, 1)[width - 1] = losses[i]!;
        /** Means of a window, NaN while one is not full. */
        const meansFrom = (start: number) => losses.map((_, i) => meanOf(row(i).slice(start, start + window)));
        [beforeLast, last] = [meansFrom(0), meansFrom(window)];
      }
      const ratios = last.map((loss, i) => {
        const ratio = loss / beforeLast[i]!;
        return Number.isFinite(ratio) ? ratio : present[i]! > 0 ? 1 : -Infinity;
      });
      const powers = softmaxOf(
        ratios.map((ratio) => ratio / temperature),
        ratios.filter((ratio) => ratio > -Infinity).length,
      );
      return { weights: byPresence(present, (i) => powers[i]!), state: { beforeLast, last, ...sums, recent } };
    },

    ...(window
      ? {}
      : {
          beforehand: true as const,
          // A task that this epoch did not see keeps what is known of it.
          endEpoch: ({ beforeLast, last, sums, counts, recent }: DynamicWeightAverageState) => ({
            beforeLast: byPresence(counts, (i) => last[i]!, beforeLast),
            last: byPresence(counts, (i) => sums[i]! / counts[i]!, last),
            ...noLosses(counts.length),
            recent,
          }),
        }),
  };
}
