import { add, div, maximum, mul, sqrt, zerosLike } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { average, averageSquare, biasCorrection, count } from './moments';
import { fraction, nonNegative } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface AdamOptions {
  /** Decay of the mean. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean square. Default 0.999. */
  readonly beta2?: number;
  /** Added to √v̂. Default 1e-8. */
  readonly epsilon?: number;
  /** Divide by the greatest v so far (Reddi, Kale & Kumar 2018, arXiv:1904.09237). Default false. */
  readonly amsgrad?: boolean;
  /** Divide the moments by 1 − βᵗ. Default true. */
  readonly biasCorrected?: boolean;
}

/**
 * u = m̂ / (√v̂ + ε) with m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
 * State `{ mean, variance }`, with amsgrad also `maximum`. Kingma & Ba 2015, arXiv:1412.6980.
 */
export function scaleByAdam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  amsgrad = false,
  biasCorrected = true,
}: AdamOptions = {}): Optimizer {
  fraction('beta1', beta1);
  fraction('beta2', beta2);
  nonNegative('epsilon', epsilon);
  return leafwise({
    init: { mean: zerosLike, variance: zerosLike, maximum: (x) => (amsgrad ? zerosLike(x) : undefined) },
    common: ({ step }) => {
      if (!biasCorrected) return undefined;
      const t = count(step);
      const root = sqrt(biasCorrection(beta2, t));
      return { ratio: div(root, biasCorrection(beta1, t)), epsilon: mul(root, epsilon) };
    },
    update: (g, state, { common }) => {
      const mean = average(state.mean, g, beta1);
      const variance = averageSquare(state.variance, g, beta2);
      const greatest = amsgrad ? maximum(state.maximum, variance) : variance;
      // m̂/(√v̂ + ε) with both corrections as numbers: a pass over the moments less.
      const m = common ? mul(mean, common.ratio) : mean;
      return { update: div(m, add(sqrt(greatest), common?.epsilon ?? epsilon)), mean, variance, maximum: amsgrad ? greatest : undefined };
    },
  });
}

/** Adam: x ← x − α m̂ / (√v̂ + ε); `weightDecay` (default 0) is L2, added to the gradient. Kingma & Ba 2015, arXiv:1412.6980; its α is 1e-3. */
export function adam({ weightDecay, decayMask, ...options }: AdamOptions & DecayOptions = {}): Optimizer {
  return chain(addDecayedWeights({ weightDecay, decayMask }), scaleByAdam(options), scaleByLearningRate());
}

/** AdamW: x ← x − α (m̂ / (√v̂ + ε) + λx), `weightDecay` λ default 0.01. Loshchilov & Hutter 2019, arXiv:1711.05101. */
export function adamw({ weightDecay = 0.01, decayMask, ...options }: AdamOptions & DecayOptions = {}): Optimizer {
  return chain(scaleByAdam(options), addDecayedWeights({ weightDecay, decayMask }), scaleByLearningRate());
}
