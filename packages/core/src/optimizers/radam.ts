import { add, cast, div, greater, maximum, mul, type Scalar, sqrt, sub, type Tensor, zerosLike } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { average, averageSquare, biasCorrection, count } from './moments';
import { fraction, nonNegative } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface RadamOptions extends DecayOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * RAdam: as Adam, times the rectification r once the variance of the adaptive rate is tractable (ρₜ > 5), and without the second moment before:
 * ρ∞ = 2/(1 − β₂) − 1, ρₜ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ), r² = (ρₜ − 4)(ρₜ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρₜ). State `{ mean, variance }`.
 * Liu et al. 2020, arXiv:1908.03265.
 */
export function radam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay, decayMask }: RadamOptions = {}): Optimizer {
  fraction('beta1', beta1);
  fraction('beta2', beta2);
  nonNegative('epsilon', epsilon);
  const scaleByRectified = leafwise({
    init: { mean: zerosLike, variance: zerosLike },
    common: ({ step }) => {
      const t = count(step);
      return { first: biasCorrection(beta1, t), ...rectification(beta2, t) };
    },
    update: (g, state, { common }) => {
      const mean = average(state.mean, g, beta1);
      const variance = averageSquare(state.variance, g, beta2);
      // The factor is 0 and the offset 1 in the first steps: no division by the root then.
      const rate = add(div(common.factor, add(sqrt(variance), epsilon)), common.offset);
      return { update: mul(div(mean, common.first), rate), mean, variance };
    },
  });
  return chain(addDecayedWeights({ weightDecay, decayMask }), scaleByRectified, scaleByLearningRate());
}

/** `factor` = [ρₜ > 5] r √(1 − β₂ᵗ) and `offset` = [ρₜ ≤ 5]. */
function rectification(beta2: number, t: Scalar): { factor: Tensor; offset: Tensor } {
  const limit = 2 / (1 - beta2) - 1;
  const second = biasCorrection(beta2, t);
  const rho = sub(limit, div(mul(mul(t, 2), sub(1, second)), second));
  const on = cast(greater(rho, 5), 'float32');
  const safe = maximum(rho, 5);
  const squared = div(mul(mul(sub(safe, 4), sub(safe, 2)), limit / ((limit - 4) * (limit - 2))), safe);
  return { factor: mul(on, sqrt(mul(maximum(squared, 0), second))), offset: sub(1, on) };
}
