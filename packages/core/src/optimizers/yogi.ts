import { add, div, fill, mul, sign, sqrt, square, sub } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { average, biasCorrection, count } from './moments';
import { fraction, nonNegative, positive } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface YogiOptions extends DecayOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-3. */
  readonly epsilon?: number;
  /** What both moments start from. Default 1e-6. */
  readonly initialAccumulator?: number;
}

/**
 * Yogi: v ← v − (1 − β₂) sign(v − g²) g², x ← x − α m̂ / (√v̂ + ε): the second moment grows and shrinks at the same pace. State `{ mean, variance }`.
 * Zaheer et al. 2018 (NeurIPS, "Adaptive methods for nonconvex optimization").
 */
export function yogi({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-3,
  initialAccumulator = 1e-6,
  weightDecay,
  decayMask,
}: YogiOptions = {}): Optimizer {
  fraction('beta1', beta1);
  fraction('beta2', beta2);
  positive('epsilon', epsilon);
  nonNegative('initialAccumulator', initialAccumulator);
  const scaleByYogi = leafwise({
    init: { mean: (x) => fill(x.shape, initialAccumulator), variance: (x) => fill(x.shape, initialAccumulator) },
    common: ({ step }) => {
      const t = count(step);
      return { first: biasCorrection(beta1, t), second: biasCorrection(beta2, t) };
    },
    update: (g, state, { common }) => {
      const mean = average(state.mean, g, beta1);
      const squares = square(g);
      const variance = sub(state.variance, mul(mul(sign(sub(state.variance, squares)), squares), 1 - beta2));
      return { update: div(div(mean, common.first), add(sqrt(div(variance, common.second)), epsilon)), mean, variance };
    },
  });
  return chain(addDecayedWeights({ weightDecay, decayMask }), scaleByYogi, scaleByLearningRate());
}
