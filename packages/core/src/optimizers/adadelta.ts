import { add, div, mul, sqrt, zerosLike } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { averageSquare } from './moments';
import { fraction, positive } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface AdadeltaOptions extends DecayOptions {
  /** ρ. Default 0.9. */
  readonly decay?: number;
  /** Under both roots. Default 1e-6. */
  readonly epsilon?: number;
}

/**
 * Adadelta: v ← ρv + (1 − ρ)g², u = g √(d + ε) / √(v + ε), d ← ρd + (1 − ρ)u², x ← x − αu. State `{ variance, delta }`; the paper's α is 1.
 * Zeiler 2012, arXiv:1212.5701.
 */
export function adadelta({ decay = 0.9, epsilon = 1e-6, weightDecay, decayMask }: AdadeltaOptions = {}): Optimizer {
  fraction('decay', decay);
  positive('epsilon', epsilon);
  const scaleByDelta = leafwise({
    init: { variance: zerosLike, delta: zerosLike },
    update: (g, state) => {
      const variance = averageSquare(state.variance, g, decay);
      const update = mul(g, div(sqrt(add(state.delta, epsilon)), sqrt(add(variance, epsilon))));
      return { update, variance, delta: averageSquare(state.delta, update, decay) };
    },
  });
  return chain(addDecayedWeights({ weightDecay, decayMask }), scaleByDelta, scaleByLearningRate());
}
