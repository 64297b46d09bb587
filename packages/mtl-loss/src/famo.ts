import { type BalancingContext, checkNumbers, type LossWeighting } from '@taskloom/core';
import { add, div, maximum, relu, sub, sum } from '@tensorflow/tfjs-core';
import { type HostAdamState, hostAdam, hostAdamState } from './host-optimizer';
import { byPresence, softmaxOfPresent } from './present-tasks';
import { shares, throughSoftmax } from './simplex';
import { type TaskValues, taskValues } from './task-values';
import { filled, plus } from './vectors';

export interface FamoOptions {
  /** Of Adam on the task logits. Default 0.025. */
  readonly learningRate?: number;
  /** γ, added to the logits' gradient times the logits: how fast old lessons are forgotten. Default 1e-3, the paper's; its package takes 0.01, its benchmark 1e-5, its toy 0. */
  readonly gamma?: number;
  /** The least that each loss can become, by task name or in the order of the tasks. Default 0 each. */
  readonly minLosses?: TaskValues;
  /** ε added to Lᵢ − minimum. Default 1e-8. */
  readonly epsilon?: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
}

export interface FamoState {
  /** [tasks] */
  readonly logits: Float64Array;
  readonly adam: HostAdamState;
}

/**
 * FAMO, fast adaptive multitask optimisation (B. Liu et al. 2023, arXiv 2306.03792): all losses are to fall at the same relative pace. With z the softmax of
 * the logits and Dᵢ = Lᵢ − minᵢ + ε, the step descends Σ zᵢ log Dᵢ: wᵢ = c zᵢ/Dᵢ with c = 1/Σ(z/D), weights of sum 1. Once the parameters have
 * moved, `afterStep` compares: δᵢ = log Dᵢ(before) − log Dᵢ(after) on the same rows, and Adam moves the logits along Jᵀδ, J that of the softmax
 * (with weight decay γ in the gradient), from tasks that fell fast to those that did not.
 *
 * γ pulls the logits back to 0 at each step, however little the losses fell. Where δ is small against it (tiny steps, long runs of a toy), they cannot
 * move and z stays even: take a smaller γ there, or 0, as the authors do for their toy.
 *
 * Cost 2F + B: one forward pass more, no gradient of single tasks. For losses ≥ minᵢ; one below counts as ε. An absent task has weight 0 and keeps
 * its logit; the others share z among them, and a loss that is not known (NaN) leaves its task's share as it is. Outside Taskloom's trainer call `afterStep` after each step: without it the weights stay where they are.
 */
export function famo({
  learningRate = 0.025,
  gamma = 1e-3,
  minLosses,
  epsilon = 1e-8,
  beta1,
  beta2,
}: FamoOptions = {}): LossWeighting<FamoState> & Required<Pick<LossWeighting<FamoState>, 'beforehand' | 'afterStep'>> {
  checkNumbers({ learningRate, gamma, epsilon }, 0);
  checkNumbers({ beta1, beta2 }, 0, 0.999999);
  const leastLosses = taskValues('minLosses', minLosses);
  const above = (losses: Float64Array, context: BalancingContext) =>
    plus(losses, leastLosses(context, 0), -1).map((rest) => Math.max(rest, 0) + epsilon);
  const sharesOf = ({ logits }: FamoState, context: BalancingContext) => softmaxOfPresent(context, (i) => logits[i]!);
  return {
    kind: 'loss-weighting',
    name: 'famo',
    needs: ['losses'],
    init: ({ length }) => ({ logits: filled(length, 0), adam: hostAdamState(length) }),

    // z is known before the step; cutting the step at its losses, to divide by them, would take all activations from one graph to the next.
    beforehand(z, losses, tasks) {
      const parts = div(z, add(relu(sub(losses, [...leastLosses({ tasks }, 0)])), epsilon));
      return div(parts, maximum(sum(parts), 1e-30));
    },

    weigh(losses, state, context) {
      const [z, distances] = [sharesOf(state, context), above(losses, context)];
      return { weights: shares(byPresence(context.present, (i) => z[i]! / (distances[i]! || 1))), state };
    },

    afterStep(lossesAfter, state, context) {
      const { losses, present } = context;
      const [before, after] = [above(losses, context), above(lossesAfter, context)];
      const fallen = byPresence(present, (i) => Math.log(before[i]! / after[i]!));
      if (!fallen.every(Number.isFinite)) return state;
      const gradient = plus(throughSoftmax(sharesOf(state, context), fallen), state.logits, gamma);
      const [logits, adam] = hostAdam(state.logits, gradient, state.adam, present, learningRate, beta1, beta2);
      return { logits, adam };
    },
  };
}
