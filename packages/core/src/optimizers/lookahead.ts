import { add, cast, clone, div, floor, less, mul, sub, tidy } from '@tensorflow/tfjs-core';
import { mapParams, type Params, zipParams } from '../params';
import { count } from './moments';
import { positive, whole } from './options';
import { moved, type Optimizer, type StepInfo } from './transformation';

export interface LookaheadOptions {
  /** Steps between two synchronisations. Default 5. */
  readonly k?: number;
  /** How far the slow weights go towards the fast ones. Default 0.5. */
  readonly alpha?: number;
}

/**
 * Lookahead around any optimiser: after every k-th step slow ← slow + α (fast − slow), fast ← slow. State `{ slow, fast }`, `fast` being the inner
 * optimiser's (absent if it keeps none). Zhang et al. 2019, arXiv:1907.08610.
 */
export function lookahead(optimizer: Optimizer, { k = 5, alpha = 0.5 }: LookaheadOptions = {}): Optimizer {
  whole('k', k);
  positive('alpha', alpha);
  return {
    init: (params) => ({
      slow: mapParams(params, (leaf) => clone(leaf)),
      ...(optimizer.stateless ? {} : { fast: optimizer.init(params) }),
    }),
    update: <P extends Params>(gradients: P, state: Params, params: P, info: StepInfo) =>
      tidy(() => {
        const inner = optimizer.update(gradients, (state.fast ?? {}) as Params, params, info);
        const fast = moved(params, inner.updates);
        const t = count(info.step);
        // 1 in every k-th step, else 0; the half keeps an inexact division away from the edge.
        const due = cast(less(sub(t, mul(floor(div(add(t, 0.5), k)), k)), 0.5), 'float32');
        const slow = zipParams(state.slow as Params, [fast], ([s, f]) => add(s!, mul(sub(f!, s!), mul(due, alpha))));
        const updates = zipParams(inner.updates, [slow, fast], ([u, s, f]) => add(u!, mul(sub(s!, f!), due)));
        return { updates, state: { slow, ...(optimizer.stateless ? {} : { fast: inner.state }) } as Params };
      }),
  };
}
