import type { Json, Module, Params } from '@taskloom/core';
import { softmax, TaskloomError } from '@taskloom/core';
import { type DenseParams, dense } from '@taskloom/core/modules';
import { add, concat, div, expandDims, max, maximum, mul, slice, squeeze, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { assertKnown } from './suggest';
import type { TokenSequence } from './trunks/token-embedding';

export const poolingKinds = ['mean', 'max', 'meanMax', 'first', 'attention'] as const;

/**
 * How a row's tokens become one vector: `mean`, `max`, both side by side, the `first` token (a class token or task token), or learned `attention`
 * Σ aₜ hₜ with a = softmax(w·hₜ + b) over the tokens (Yang et al. 2016, with a linear score).
 */
export type PoolingKind = (typeof poolingKinds)[number];

export interface Pooling extends Module<TokenSequence, Tensor> {
  /** Last axis of what it returns: `2·width` for `meanMax`, else `width`. */
  readonly width: number;
}

/**
 * `{ tokens [N, T, width], mask [N, T] }` → `[N, width]`, [N, 2·width] for `meanMax`. Padding has no influence; a row of padding only gives zeros.
 * Only `attention` has parameters. Throws `unknown_pooling`. Holds under a leading task axis.
 */
export function pooling(kind: PoolingKind, { width }: { readonly width: number }): Pooling {
  assertKnown('pooling', kind, poolingKinds);
  const score = kind === 'attention' ? dense({ inputs: width, units: 1 }) : undefined;
  return {
    width: kind === 'meanMax' ? 2 * width : width,
    config: { module: 'pooling', kind, width } as Json,
    init: (random): Params => (score ? { score: score.init(random.fold('score')) } : {}),
    apply(params, { tokens, mask }, context) {
      if (tokens.shape[tokens.rank - 1] !== width)
        throw new TaskloomError('shape_mismatch', 'The tokens do not fit the pooling.', {
          name: 'tokens',
          expected: `width ${width}`,
          got: tokens.shape,
        });
      const present = expandDims(mask, -1);
      switch (kind) {
        case 'mean':
          return meanOf(tokens, present);
        case 'max':
          return maximumOf(tokens, present);
        case 'meanMax':
          return concat([meanOf(tokens, present), maximumOf(tokens, present)], -1);
        case 'first':
          return squeeze(firstOf(mul(tokens, present)), [-2]);
        case 'attention': {
          const scores = squeeze(score!.apply(params.score as DenseParams, tokens, context.child('score')), [-1]);
          const weights = mul(softmax(add(scores, mul(sub(mask, 1), far))), mask);
          context.record('attention', weights);
          return sum(mul(tokens, expandDims(weights, -1)), -2);
        }
      }
    },
  };
}

/** A score this far below the others has a weight of exactly 0 in float32. */
const far = 1e9;

function meanOf(tokens: Tensor, present: Tensor): Tensor {
  return div(sum(mul(tokens, present), -2), maximum(sum(present, -2), 1));
}

function maximumOf(tokens: Tensor, present: Tensor): Tensor {
  return mul(max(add(mul(tokens, present), mul(sub(present, 1), far)), -2), max(present, -2));
}

function firstOf(tokens: Tensor): Tensor {
  return slice(tokens, new Array<number>(tokens.rank).fill(0), [...tokens.shape.slice(0, -2), 1, tokens.shape[tokens.rank - 1]!]);
}
