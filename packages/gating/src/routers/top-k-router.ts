import { type Params, softmax, TaskloomError } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { cast, expandDims, mul, oneHot, sum, type Tensor } from '@tensorflow/tfjs-core';
import type { Router, RouterOptions } from '../router';
import { topIndices } from './top-indices';

export interface TopKRouterOptions extends RouterOptions {
  /** Experts a row; fewer than there are. */
  readonly k: number;
  /**
   * `chosen`: softmax over the logits of the chosen ones, so that gates sum to 1 (Shazeer et al. 2017, arXiv:1701.06538); `all`: their shares of the softmax
   * over all, which lets the router learn with k = 1 too (Fedus et al. 2021, arXiv:2101.03961). Default `all` for k = 1, else `chosen`.
   */
  readonly over?: 'chosen' | 'all';
}

/** The k experts of largest logits x·W + b, without noise: gates `[n, k]`, the largest first. */
export function topKRouter({ inputs, experts, k, bias = true, over = k === 1 ? 'all' : 'chosen' }: TopKRouterOptions): Router {
  if (!(Number.isInteger(k) && k >= 1 && k < experts))
    throw new TaskloomError('bad_option', 'A top-k router sends a row to some of its experts.', {
      name: 'k',
      expected: `1 to ${experts - 1}`,
      got: k,
      remedy: 'Use softmaxRouter for all experts.',
    });
  const score = dense({ inputs, units: experts, bias });
  return {
    experts,
    chosen: k,
    config: { router: 'topK', inputs, experts, k, bias, over },
    init: (random): Params => score.init(random),
    route(params, x, context) {
      const logits = score.apply(params as Parameters<typeof score.apply>[0], x, context);
      const probabilities = softmax(logits);
      const index = topIndices(logits, k);
      const gate = over === 'all' ? pick(probabilities, index, experts) : softmax(pick(logits, index, experts));
      return { index, gate, probabilities };
    },
  };
}

/** values `[…, experts]` at index `[…, k]` → `[…, k]`. */
function pick(values: Tensor, index: Tensor, experts: number): Tensor {
  return sum(mul(cast(oneHot(index as Parameters<typeof oneHot>[0], experts), 'float32'), expandDims(values, -2)), -1);
}
