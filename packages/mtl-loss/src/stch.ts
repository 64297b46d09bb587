import { checkCounts, checkNumbers, type LossWeighting } from '@taskloom/core';
import { type LossSums, noLosses, withLosses } from './loss-sums';
import { byPresence, softmaxOfPresent } from './present-tasks';
import { sumOf } from './vectors';

export interface StchOptions {
  /** Smoothness: the smaller, the more of the weight the task that lags most gets. Default 1. */
  readonly mu?: number;
  /** Epochs of warm-up; the last one's mean losses are the nadir. Default 4. */
  readonly warmupEpochs?: number;
  /** ε added to each loss. Default 1e-8. */
  readonly epsilon?: number;
}

/** What the nadir is the mean of. */
export type StchState = LossSums;

/**
 * Smooth Tchebycheff on log losses (X. Lin et al. 2024, arXiv 2402.19078): T μ log Σ exp(log(Lᵢ/nadirᵢ)/μ), a smooth maximum of how little each loss has
 * fallen since the nadir, which makes it free of the losses' scales. Until the nadir is known the total is Σ log Lᵢ.
 *
 * The weights are the derivatives, wᵢ = T softmaxᵢ(log(Lᵢ/nadirᵢ)/μ)/Lᵢ (1/Lᵢ in the warm-up), from the losses of the very step, so that the update is
 * that of the formula; being a function of the losses on the host, it can be compiled and resumed. `context.epoch` says where the warm-up
 * ends: a run shorter than it is `log`. A task without labels in the last warm-up epoch takes the first loss seen later as its nadir. Cost F + B.
 */
export function stch({ mu = 1, warmupEpochs = 4, epsilon = 1e-8 }: StchOptions = {}): LossWeighting<StchState> {
  checkNumbers({ mu }, 1e-6);
  checkCounts({ warmupEpochs }, 0);
  checkNumbers({ epsilon }, 0);
  return {
    kind: 'loss-weighting',
    name: 'stch',
    needs: ['losses'],
    init: ({ length }) => noLosses(length),
    weigh(losses, state, context) {
      const { epoch, present } = context;
      const collects = (i: number) => epoch === warmupEpochs - 1 || (epoch >= warmupEpochs && state.counts[i] === 0);
      const next = withLosses(state, losses, present, collects);
      const above = (value: number) => Math.max(value, 0) + epsilon;
      const fallen = (i: number) => Math.log(above(losses[i]!) / above(next.sums[i]! / next.counts[i]!));
      const shares = softmaxOfPresent(context, (i) => (epoch < warmupEpochs ? 0 : fallen(i) / mu), sumOf(present));
      return { weights: byPresence(present, (i) => shares[i]! / above(losses[i]!)), state: next };
    },
  };
}
