import { add, div, sqrt, sub, zerosLike } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { average, averageSquare, biasCorrection, count } from './moments';
import { fraction, positive } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface AdabeliefOptions extends DecayOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added to s at every step, and to its root. Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * AdaBelief: s ← β₂s + (1 − β₂)(g − m)² + ε, x ← x − α m̂ / (√ŝ + ε). State `{ mean, variance }`; `weightDecay` (default 0) is L2.
 * Zhuang et al. 2020, arXiv:2010.07468.
 */
export function adabelief({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay, decayMask }: AdabeliefOptions = {}): Optimizer {
  fraction('beta1', beta1);
  fraction('beta2', beta2);
  positive('epsilon', epsilon);
  const scaleByBelief = leafwise({
    init: { mean: zerosLike, variance: zerosLike },
    common: ({ step }) => {
      const t = count(step);
      return { first: biasCorrection(beta1, t), second: biasCorrection(beta2, t) };
    },
    update: (g, state, { common }) => {
      const mean = average(state.mean, g, beta1);
      const variance = add(averageSquare(state.variance, sub(g, mean), beta2), epsilon);
      return { update: div(div(mean, common.first), add(sqrt(div(variance, common.second)), epsilon)), mean, variance };
    },
  });
  return chain(addDecayedWeights({ weightDecay, decayMask }), scaleByBelief, scaleByLearningRate());
}
