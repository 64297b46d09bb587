import { sign, zerosLike } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { average } from './moments';
import { fraction } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface LionOptions {
  /** Weight of the mean in the direction. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean. Default 0.99. */
  readonly beta2?: number;
}

/** u = sign(β₁m + (1 − β₁)g), then m ← β₂m + (1 − β₂)g. State `{ mean }`. */
export function scaleByLion({ beta1 = 0.9, beta2 = 0.99 }: LionOptions = {}): Optimizer {
  fraction('beta1', beta1);
  fraction('beta2', beta2);
  return leafwise({
    init: { mean: zerosLike },
    update: (g, { mean }) => ({ update: sign(average(mean, g, beta1)), mean: average(mean, g, beta2) }),
  });
}

/** Lion: x ← x − α (sign(β₁m + (1 − β₁)g) + λx), `weightDecay` λ default 0. Chen et al. 2023, arXiv:2302.06675; wants a learning rate 3–10 times below Adam's. */
export function lion({ weightDecay, decayMask, ...options }: LionOptions & DecayOptions = {}): Optimizer {
  return chain(scaleByLion(options), addDecayedWeights({ weightDecay, decayMask }), scaleByLearningRate());
}
