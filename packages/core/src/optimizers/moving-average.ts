import { add, clone, div, minimum, mul, sub, tidy } from '@tensorflow/tfjs-core';
import { mapParams, type Params, zipParams } from '../params';
import { fraction } from './options';
import { moved, type Optimizer, type StepInfo } from './transformation';

export interface MovingAverageOptions {
  /** Default 0.999. */
  readonly decay?: number;
  /** Use min(decay, (1 + step)/(10 + step)), so that the first steps are forgotten sooner. Default true. */
  readonly warmUp?: boolean;
}

/**
 * Keeps a moving average of the parameters beside any optimiser: average ← d·average + (1 − d)·x after each step; the updates are the optimiser's.
 * State `{ average, inner }` (`inner` absent if the optimiser keeps none); evaluate with `state.average`, which has the structure of the parameters.
 * Polyak & Juditsky 1992.
 */
export function exponentialMovingAverage(optimizer: Optimizer, { decay = 0.999, warmUp = true }: MovingAverageOptions = {}): Optimizer {
  fraction('decay', decay);
  return {
    init: (params) => ({
      average: mapParams(params, (leaf) => clone(leaf)),
      ...(optimizer.stateless ? {} : { inner: optimizer.init(params) }),
    }),
    update: <P extends Params>(gradients: P, state: Params, params: P, info: StepInfo) =>
      tidy(() => {
        const inner = optimizer.update(gradients, (state.inner ?? {}) as Params, params, info);
        const kept = warmUp ? minimum(decay, div(add(info.step, 1), add(info.step, 10))) : decay;
        const average = zipParams(state.average as Params, [moved(params, inner.updates)], ([a, x]) => add(x!, mul(sub(a!, x!), kept)));
        return { updates: inner.updates, state: { average, ...(optimizer.stateless ? {} : { inner: inner.state }) } as Params };
      }),
  };
}
