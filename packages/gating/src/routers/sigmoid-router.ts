import type { Params } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { add, div, sigmoid, sum } from '@tensorflow/tfjs-core';
import type { Router, RouterOptions } from '../router';
import { allExperts } from './all-experts';

/** Every row goes to all experts with independent gates σ(x·W + b), each in (0, 1). Holds under a leading task axis. */
export function sigmoidRouter({ inputs, experts, bias = true }: RouterOptions): Router {
  const score = dense({ inputs, units: experts, bias });
  return {
    experts,
    chosen: experts,
    config: { router: 'sigmoid', inputs, experts, bias },
    init: (random): Params => score.init(random),
    route(params, x, context) {
      const gate = sigmoid(score.apply(params as Parameters<typeof score.apply>[0], x, context));
      return { index: allExperts(x, experts), gate, probabilities: div(gate, add(sum(gate, -1, true), 1e-12)) };
    },
  };
}
