import { checkNumbers, chosen, type FeatureBalancer } from '@taskloom/core';
import { type HostAdamState, hostAdam, hostAdamState } from './host-optimizer';
import { byPresence, softmaxOfPresent, weighGramian } from './present-tasks';
import { throughSoftmax } from './simplex';
import { type TaskValues, taskValues } from './task-values';
import { normsOf } from './unit-rows';
import { dot, filled, plus, relative, sumOf } from './vectors';

export interface GradNormOptions {
  /** α: how strongly a task that lags is helped. Default 1.5; 0 makes all norms equal. */
  readonly alpha?: number;
  /** What is trained: the weights themselves, brought back to sum T after each step (`weights`, default, the paper's), or logits with w = T softmax (`softmax`, LibMTL's), which can never be negative. */
  readonly form?: 'weights' | 'softmax';
  /** Of the weights' optimiser. Default 0.025. */
  readonly learningRate?: number;
  /** Default `adam` (β 0.9 and 0.999). */
  readonly optimizer?: 'adam' | 'sgd';
  /** L(0), by task name or in the order of the tasks; for a cross-entropy over K classes log K is a good choice. Default: the loss of the first step that has the task. */
  readonly initialLosses?: TaskValues;
}

export interface GradNormState {
  /** [tasks]: weights or logits. */
  readonly parameters: Float64Array;
  /** [tasks], NaN until known. */
  readonly initialLosses: Float64Array;
  readonly adam: HostAdamState;
}

/**
 * GradNorm (Z. Chen et al. 2018, arXiv 1711.02257): norms of the weighted gradients Nᵢ = wᵢ‖gᵢ‖ are drawn to N̄ rᵢ^α, where rᵢ is task i's share of its
 * initial loss, Lᵢ/Lᵢ(0), relative to the mean of these. Each step lowers Σ |Nᵢ − N̄ rᵢ^α| (the target held constant) by one update of the weights,
 * which count from the next step on. Norms are those of the Gramian's diagonal: of all shared parameters, of those that `shared` selects (the
 * paper takes the last shared layer), or at the shared features.
 *
 * Cost F + T·B. Weights start at 1 and keep sum T; in the paper's form a weight that would turn negative becomes 0. A task with gradient 0 keeps its
 * weight up to the rescaling. An absent task has weight 0; its parameter waits, and the others' target does not depend on it.
 */
export function gradNorm({
  alpha = 1.5,
  form = 'weights',
  learningRate = 0.025,
  optimizer = 'adam',
  initialLosses,
}: GradNormOptions = {}): FeatureBalancer<GradNormState> {
  const logits = chosen('form', form, { weights: false, softmax: true });
  const adaptive = chosen('optimizer', optimizer, { adam: true, sgd: false });
  const initial = taskValues('initialLosses', initialLosses);
  checkNumbers({ alpha });
  checkNumbers({ learningRate }, 0);
  return {
    kind: 'gradient-balancer',
    name: 'grad-norm',
    needs: ['gramian', 'losses'],
    features: true,
    init: (tasks) => ({
      parameters: filled(tasks.length, 1),
      initialLosses: initial({ tasks }),
      adam: hostAdamState(tasks.length),
    }),

    weigh(gramian, state, context) {
      const { present, losses } = context;
      const count = Math.max(1, sumOf(present));
      const norms = weighGramian(gramian, context, normsOf);
      const own = (i: number) => state.parameters[i]!;
      const weights = logits ? softmaxOfPresent(context, own, count) : byPresence(present, own);
      const first = state.initialLosses.map((loss, i) => (Number.isFinite(loss) || present[i] === 0 ? loss : losses[i]!));
      // rᵢ^α, rᵢ relative to the mean; 1 where a loss or its start is 0.
      const ratios = byPresence(present, (i) => {
        const ratio = losses[i]! / first[i]!;
        return ratio >= 0 && ratio < Infinity ? ratio : 1;
      });
      const shares = relative(ratios, count).map((ratio) => ratio ** alpha);
      // ∂/∂wᵢ Σ |wᵢ nᵢ − N̄ rᵢ^α|, the target constant.
      const target = dot(weights, norms) / count;
      const slopes = byPresence(present, (i) => Math.sign(weights[i]! * norms[i]! - target * shares[i]!) * norms[i]!);
      const gradient = logits ? throughSoftmax(weights, slopes, count) : slopes;
      const [moved, adam] = adaptive
        ? hostAdam(state.parameters, gradient, state.adam, present, learningRate)
        : [plus(state.parameters, gradient, -learningRate), state.adam];
      // All at 0: start again, at 1.
      const parameters = logits ? moved : relative(moved.map((value) => Math.max(value, 0)));
      return { weights, state: { parameters, adam, initialLosses: first } };
    },
  };
}
