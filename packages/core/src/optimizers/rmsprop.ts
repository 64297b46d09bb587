import { add, div, maximum, sqrt, square, sub, zerosLike } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { average, averageSquare } from './moments';
import { fraction, nonNegative } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { trace } from './sgd';
import { leafwise, type Optimizer } from './transformation';

export interface RmsOptions {
  /** ρ, decay of the mean square. Default 0.99. */
  readonly decay?: number;
  /** Added to the root. Default 1e-8. */
  readonly epsilon?: number;
  /** Subtract the squared mean, so that the variance is under the root (Graves 2013, arXiv:1308.0850). Default false. */
  readonly centered?: boolean;
}

/** u = g / (√v + ε), v ← ρv + (1 − ρ)g². State `{ variance }`, centred also `mean`. */
export function scaleByRms({ decay = 0.99, epsilon = 1e-8, centered = false }: RmsOptions = {}): Optimizer {
  fraction('decay', decay);
  nonNegative('epsilon', epsilon);
  return leafwise({
    init: { variance: zerosLike, mean: (x) => (centered ? zerosLike(x) : undefined) },
    update: (g, state) => {
      const variance = averageSquare(state.variance, g, decay);
      const mean = centered ? average(state.mean, g, decay) : undefined;
      const spread = mean ? maximum(sub(variance, square(mean)), 0) : variance;
      return { update: div(g, add(sqrt(spread), epsilon)), variance, mean };
    },
  });
}

/** RMSprop: x ← x − α g / (√v + ε), with momentum if asked for (default 0) and L2 `weightDecay` (default 0). Tieleman & Hinton 2012 (lecture 6.5). */
export function rmsprop({
  momentum = 0,
  weightDecay,
  decayMask,
  ...options
}: RmsOptions & DecayOptions & { readonly momentum?: number } = {}): Optimizer {
  const pieces = [addDecayedWeights({ weightDecay, decayMask }), scaleByRms(options)];
  if (momentum !== 0) pieces.push(trace({ momentum }));
  return chain(...pieces, scaleByLearningRate());
}
