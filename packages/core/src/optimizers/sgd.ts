import { add, minimum, mul, sub, zerosLike } from '@tensorflow/tfjs-core';
import { chain } from './chain';
import { fraction } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import { leafwise, type Optimizer } from './transformation';

export interface TraceOptions {
  /** Factor m of the trace. Default 0.9. */
  readonly momentum?: number;
  /** Look ahead along the trace (Nesterov 1983, in the form of Sutskever et al. 2013). Default false. */
  readonly nesterov?: boolean;
  /** d: the gradient enters with 1 − d after the first step. Default 0. */
  readonly dampening?: number;
}

/** Momentum: v ← m·v + (1 − d)·u, with v = u at first; gives v, or u + m·v with Nesterov. State `{ trace }`. Polyak 1964. */
export function trace({ momentum = 0.9, nesterov = false, dampening = 0 }: TraceOptions = {}): Optimizer {
  fraction('momentum', momentum);
  fraction('dampening', dampening);
  return leafwise({
    init: { trace: zerosLike },
    common: ({ step }) => (dampening === 0 ? undefined : sub(1, mul(minimum(step, 1), dampening))),
    update: (u, state, { common }) => {
      const next = add(mul(state.trace, momentum), common ? mul(u, common) : u);
      return { update: nesterov ? add(u, mul(next, momentum)) : next, trace: next };
    },
  });
}

/** Gradient descent, x ← x − α g, with momentum if asked for (default none) and L2 `weightDecay` (default 0), added to the gradient. */
export function sgd({ momentum = 0, nesterov, dampening, weightDecay, decayMask }: TraceOptions & DecayOptions = {}): Optimizer {
  const decay = addDecayedWeights({ weightDecay, decayMask });
  return momentum === 0
    ? chain(decay, scaleByLearningRate())
    : chain(decay, trace({ momentum, nesterov, dampening }), scaleByLearningRate());
}
