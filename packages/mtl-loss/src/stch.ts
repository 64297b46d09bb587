import { checkCounts, checkNumbers, type LossWeighting } from '@taskloom/core';
import { abs, add, div, log, mul, relu, sign, softmax, sum } from '@tensorflow/tfjs-core';
import { type LossSums, noLosses, withLosses } from './loss-sums';
import { presentLosses } from './present-losses';
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
 * that of the formula. `context.epoch` says where the warm-up
 * ends: a run shorter than it is `log`. A task without labels in the last warm-up epoch takes the first loss seen later as its nadir. Cost F + B.
 */
export function stch({ mu = 1, warmupEpochs = 4, epsilon = 1e-8 }: StchOptions = {}): LossWeighting<StchState> {
  checkNumbers({ mu }, 1e-6);
  checkCounts({ warmupEpochs }, 0);
  checkNumbers({ epsilon }, 0);
  const above = (value: number) => Math.max(value, 0) + epsilon;
  return {
    kind: 'loss-weighting',
    name: 'stch',
    needs: ['losses'],
    init: ({ length }) => noLosses(length),

    // Nadirs are known before the step; a task that has none is at its nadir, and so is every task in the warm-up.
    beforehand(nadirs, losses) {
      const own = add(relu(losses), epsilon);
      const fallen = log(presentLosses(div(own, nadirs), nadirs, 1));
      const here = abs(sign(nadirs));
      return div(mul(softmax(presentLosses(div(fallen, mu), here, -1e30)), sum(here)), own);
    },

    weigh(losses, state, context) {
      const { epoch, present } = context;
      const { sums, counts } = state;
      const nadirs = byPresence(present, (i) => (epoch >= warmupEpochs && counts[i]! > 0 ? above(sums[i]! / counts[i]!) : -1));
      // Asked before the step.
      if (losses.every(Number.isNaN)) return { weights: nadirs, state };
      // 0 without a nadir, whose logarithm is none.
      const fallen = (i: number) => Math.log(above(losses[i]!) / nadirs[i]!) / mu || 0;
      const shares = softmaxOfPresent(context, fallen, sumOf(present));
      return {
        weights: byPresence(present, (i) => shares[i]! / above(losses[i]!)),
        state: withLosses(state, losses, present, (i) => epoch === warmupEpochs - 1 || (epoch >= warmupEpochs && counts[i] === 0)),
      };
    },
  };
}
