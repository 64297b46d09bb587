import { abs, add, div, maximum, mul, zerosLike } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { average, biasCorrection, count } from './moments';
import { fraction, positive } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface AdamaxOptions extends DecayOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added to |g|. Default 1e-8. */
  readonly epsilon?: number;
}

/** AdaMax: n ← max(β₂n, |g| + ε), x ← x − α/(1 − β₁ᵗ) · m/n. State `{ mean, maximum }`. Kingma & Ba 2015, arXiv:1412.6980, section 7.1; its α is 2e-3. */
export function adamax({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay, decayMask }: AdamaxOptions = {}): Optimizer {
  fraction('beta1', beta1);
  fraction('beta2', beta2);
  positive('epsilon', epsilon);
  const scaleByMaximum = leafwise({
    init: { mean: zerosLike, maximum: zerosLike },
    common: ({ step }) => biasCorrection(beta1, count(step)),
    update: (g, state, { common }) => {
      const mean = average(state.mean, g, beta1);
      const greatest = maximum(mul(state.maximum, beta2), add(abs(g), epsilon));
      return { update: div(div(mean, common), greatest), mean, maximum: greatest };
    },
  });
  return chain(addDecayedWeights({ weightDecay, decayMask }), scaleByMaximum, scaleByLearningRate());
}
