import { add, mul, neg } from '@tensorflow/tfjs-core';
import { matcher, type Pattern } from '../params';
import { nonNegative } from './options';
import { leafwise, type Optimizer } from './transformation';

/** u ← −learningRate · u: the last piece of nearly every optimiser, which turns a direction into an update to add. */
export function scaleByLearningRate(): Optimizer {
  return leafwise({
    init: {},
    common: ({ learningRate }) => neg(learningRate),
    update: (u, _, { common }) => ({ update: mul(u, common) }),
  });
}

/** u ← factor · u. */
export function scale(factor: number): Optimizer {
  return leafwise({ init: {}, update: (u) => ({ update: mul(u, factor) }) });
}

/**
 * u ← factor · u, the factor that of the first pattern that matches the parameter's path, 1 without one: learning rates of their own for parts of a model, after whatever finds the
 * direction (discriminative fine-tuning: Howard & Ruder 2018, arXiv:1801.06146). Throws `bad_option` for a factor < 0.
 */
export function scaleByPath(factors: { readonly [pattern: string]: number }): Optimizer {
  const rules = Object.entries(factors).map(([pattern, factor]) => {
    nonNegative(pattern, factor);
    return { factor, matches: matcher(pattern) };
  });
  return leafwise({
    init: {},
    update: (u, _, { path }) => {
      const factor = rules.find(({ matches }) => matches(path))?.factor ?? 1;
      return { update: factor === 1 ? u : mul(u, factor) };
    },
  });
}

/** Which parameters decay; see `addDecayedWeights`. */
export interface DecayOptions {
  /** Factor of the decay. Default 0: none. */
  readonly weightDecay?: number;
  /** Only the parameters whose paths match decay, for example every `kernel` with a pattern of two stars, '/' and `kernel`. Default: all. */
  readonly decayMask?: Pattern;
}

/**
 * u ← u + weightDecay · x. Before a scaling by moments this is L2 regularisation; after it, and before `scaleByLearningRate`, the decoupled
 * decay of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101).
 */
export function addDecayedWeights({ weightDecay = 0, decayMask = '**' }: DecayOptions = {}): Optimizer {
  const decays = matcher(decayMask);
  return leafwise({
    init: {},
    update: (u, _, { parameter, path }) => ({ update: weightDecay !== 0 && decays(path) ? add(u, mul(parameter, weightDecay)) : u }),
  });
}
