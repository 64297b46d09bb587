import type { Params } from '@taskloom/core';
import { softmax } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { mul } from '@tensorflow/tfjs-core';
import type { Router, RouterOptions } from '../router';
import { allExperts } from './all-experts';

export interface SoftmaxRouterOptions extends RouterOptions {
  /** Divides the logits: small values sharpen the choice. Default 1. */
  readonly temperature?: number;
}

/** Every row goes to all experts with gates softmax(x·W + b) (Jacobs et al. 1991). Holds under a leading task axis. */
export function softmaxRouter({ inputs, experts, bias = true, temperature = 1 }: SoftmaxRouterOptions): Router {
  const score = dense({ inputs, units: experts, bias });
  return {
    experts,
    chosen: experts,
    config: { router: 'softmax', inputs, experts, bias, temperature },
    init: (random): Params => score.init(random),
    route(params, x, context) {
      const logits = score.apply(params as Parameters<typeof score.apply>[0], x, context);
      const gate = softmax(temperature === 1 ? logits : mul(logits, 1 / temperature));
      return { index: allExperts(x, experts), gate, probabilities: gate };
    },
  };
}
