import { checkNumbers, type FeatureBalancer } from '@taskloom/core';
import { float32Tolerance } from './gramian-eigen';
import { type ImtlGOptions, impartial } from './imtl-g';
import { divided } from './matrix';
import { byPresence, weighGramian } from './present-tasks';
import { clamped, filled } from './vectors';

export interface ImtlOptions extends ImtlGOptions {
  /** Of the gradient steps on s. Default 0.1. */
  readonly learningRate?: number;
  /** Start of each s. Default 0. */
  readonly initial?: number;
}

/** sᵢ, one a task. */
export interface ImtlState {
  readonly logScales: Float64Array;
}

/**
 * IMTL whole (L. Liu et al. 2021, "Towards Impartial Multi-task Learning", ICLR): the loss balance scales each loss by e^(sᵢ), the gradient balance of `imtlG` weighs the
 * gradients of the scaled losses: wᵢ = αᵢ e^(sᵢ). Each step moves sᵢ down the slope of e^(sᵢ) Lᵢ − sᵢ on the host, for the next step.
 *
 * A step never takes s further from its minimum −log Lᵢ than it was, so that no rate or loss makes it diverge; where Lᵢ ≤ 0 there is no minimum, and s stays. An
 * absent task has weight 0 and keeps its s. Cost F + T·B.
 */
export function imtl({
  solution = 'closed-form',
  tolerance = float32Tolerance,
  learningRate = 0.1,
  initial = 0,
}: ImtlOptions = {}): FeatureBalancer<ImtlState> {
  const balance = impartial(solution, tolerance);
  checkNumbers({ learningRate }, 0);
  checkNumbers({ initial }, -50, 50);
  return {
    kind: 'gradient-balancer',
    name: 'imtl',
    needs: ['gramian', 'losses'],
    features: true,
    init: ({ length }) => ({ logScales: filled(length, initial) }),

    weigh(gramian, { logScales }, context) {
      const weights = weighGramian(gramian, context, (products, _, places) => {
        const d = places.map((i) => Math.exp(-logScales[i]!));
        return balance(divided(products, d)).map((weight, k) => weight / d[k]!);
      });
      const moved = byPresence(
        context.present,
        (i) => {
          const [s, loss] = [logScales[i]!, context.losses[i]!];
          const above = s + Math.log(loss);
          return Number.isFinite(above) ? s + clamped(learningRate * (1 - Math.exp(s) * loss), 2 * Math.abs(above)) : s;
        },
        logScales,
      );
      return { weights, state: { logScales: moved } };
    },
  };
}
