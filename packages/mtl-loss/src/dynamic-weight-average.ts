import type { LossWeighting } from '@taskloom/core';

export interface DynamicWeightAverageOptions {
  /** Softness of the softmax. Default 2. */
  readonly temperature?: number;
}

/** Mean losses of the last two epochs (NaN where a task had none), and the epoch under way. */
export interface DynamicWeightAverageState {
  readonly beforeLast: Float64Array;
  readonly last: Float64Array;
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/**
 * Dynamic weight average (S. Liu, E. Johns, A. Davison 2019, arXiv 1803.10704): wᵢ = T · softmaxᵢ(rᵢ / temperature), rᵢ = L̄ᵢ(e−1) / L̄ᵢ(e−2), the
 * ratio of mean losses of the last two epochs: a task whose loss falls slowly gets more. All weights are 1 in the first two epochs.
 *
 * `weigh` also takes down the losses of the step; call `endEpoch` after each epoch. T counts the tasks that are present or have a history, so that
 * a schedule of one task a step is balanced as well; a task without a history has r = 1.
 */
export function dynamicWeightAverage({ temperature = 2 }: DynamicWeightAverageOptions = {}): LossWeighting<DynamicWeightAverageState> {
  return {
    kind: 'loss-weighting',
    name: 'dynamic-weight-average',
    needs: ['losses'],
    init: (tasks) => ({
      beforeLast: new Float64Array(tasks.length).fill(Number.NaN),
      last: new Float64Array(tasks.length).fill(Number.NaN),
      sums: new Float64Array(tasks.length),
      counts: new Float64Array(tasks.length),
    }),

    weigh(losses, state, { present }) {
      const ratios = state.last.map((last, i) => last / state.beforeLast[i]!);
      const known = (i: number) => Number.isFinite(ratios[i]!);
      const logits = ratios.map((ratio, i) => (known(i) ? ratio : 1) / temperature);
      const counted = logits.map((_, i) => (present[i]! > 0 || known(i) ? 1 : 0));
      const greatest = Math.max(...logits);
      const powers = logits.map((logit, i) => counted[i]! * Math.exp(logit - greatest));
      const scale = counted.reduce(add, 0) / powers.reduce(add, 0);
      const seen = losses.map((loss, i) => (present[i]! > 0 && Number.isFinite(loss) ? 1 : 0));
      return {
        weights: powers.map((power, i) => (present[i]! > 0 ? power * scale : 0)),
        state: {
          ...state,
          sums: state.sums.map((sum, i) => (seen[i] ? sum + losses[i]! : sum)),
          counts: state.counts.map((count, i) => count + seen[i]!),
        },
      };
    },

    endEpoch({ beforeLast, last, sums, counts }) {
      // A task that this epoch did not see keeps what is known of it.
      const moved = (i: number) => counts[i]! > 0;
      return {
        beforeLast: beforeLast.map((value, i) => (moved(i) ? last[i]! : value)),
        last: last.map((value, i) => (moved(i) ? sums[i]! / counts[i]! : value)),
        sums: new Float64Array(sums.length),
        counts: new Float64Array(counts.length),
      };
    },
  };
}

const add = (a: number, b: number) => a + b;
