import { add, div, fill, sqrt, square } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { nonNegative } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface AdagradOptions extends DecayOptions {
  /** Added to the root. Default 1e-10. */
  readonly epsilon?: number;
  /** What the sum of squares starts from. Default 0. */
  readonly initialAccumulator?: number;
}

/** AdaGrad: s ← s + g², x ← x − α g / (√s + ε). State `{ sumOfSquares }`. Duchi, Hazan & Singer 2011 (JMLR 12). */
export function adagrad({ epsilon = 1e-10, initialAccumulator = 0, weightDecay, decayMask }: AdagradOptions = {}): Optimizer {
  nonNegative('epsilon', epsilon);
  nonNegative('initialAccumulator', initialAccumulator);
  const scaleBySum = leafwise({
    init: { sumOfSquares: (x) => fill(x.shape, initialAccumulator) },
    update: (g, state) => {
      const sumOfSquares = add(state.sumOfSquares, square(g));
      return { update: div(g, add(sqrt(sumOfSquares), epsilon)), sumOfSquares };
    },
  });
  return chain(addDecayedWeights({ weightDecay, decayMask }), scaleBySum, scaleByLearningRate());
}
