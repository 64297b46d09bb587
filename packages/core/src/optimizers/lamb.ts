import { minimum, mul } from '@tensorflow/tfjs-core';
import { type AdamOptions, scaleByAdam } from './adam';
import { chain } from './chain';
import { norm, ratioOrOne } from './norms';
import { positive } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface TrustRatioOptions {
  /** Greatest ‖x‖ that counts. Default: no limit. */
  readonly clamp?: number;
}

/** u ← u · ‖x‖ / ‖u‖, norms per parameter; unchanged where either is zero. */
export function scaleByTrustRatio({ clamp = Number.POSITIVE_INFINITY }: TrustRatioOptions = {}): Optimizer {
  if (clamp !== Number.POSITIVE_INFINITY) positive('clamp', clamp);
  return leafwise({
    init: {},
    update: (u, _, { parameter }) => {
      const size = norm(parameter);
      return { update: mul(u, ratioOrOne(Number.isFinite(clamp) ? minimum(size, clamp) : size, norm(u))) };
    },
  });
}

/**
 * LAMB: x ← x − α (‖x‖/‖u‖) u with u = m̂ / (√v̂ + ε) + λx, one ratio per parameter. Defaults β₁ 0.9, β₂ 0.999, ε 1e-6, `weightDecay` λ 0.01.
 * You et al. 2020, arXiv:1904.00962.
 */
export function lamb({
  weightDecay = 0.01,
  decayMask,
  clamp,
  epsilon = 1e-6,
  ...options
}: AdamOptions & DecayOptions & TrustRatioOptions = {}): Optimizer {
  return chain(
    scaleByAdam({ epsilon, ...options }),
    addDecayedWeights({ weightDecay, decayMask }),
    scaleByTrustRatio({ clamp }),
    scaleByLearningRate(),
  );
}
