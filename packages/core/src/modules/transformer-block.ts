import { add, type Tensor } from '@tensorflow/tfjs-core';
import type { Context, Module } from '../module';
import type { Activation } from './activation';
import { type MultiHeadAttentionParams, multiHeadAttention, type TokensInput } from './attention';
import { type DenseParams, dense } from './dense';
import { assertRate, drop } from './dropout';
import { type LayerNormParams, layerNorm } from './normalization';

export interface TransformerBlockOptions {
  readonly width: number;
  readonly heads: number;
  /** Units between the two layers of the feed-forward part. Default 4·width. */
  readonly hidden?: number;
  /** `pre`: x + f(norm(x)) (Xiong et al. 2020, arXiv 2002.04745); `post`: norm(x + f(x)), as published. Default `pre`. */
  readonly norm?: 'pre' | 'post';
  /** Default `gelu`. */
  readonly activation?: Extract<Activation, 'gelu' | 'geluTanh' | 'relu'>;
  /** On the attention weights and on both branches, in training. Default 0. */
  readonly dropout?: number;
  /** Default false. */
  readonly causal?: boolean;
}

export type TransformerBlockParams = {
  readonly attention: MultiHeadAttentionParams;
  readonly attentionNorm: LayerNormParams;
  readonly feedForward: { readonly expand: DenseParams; readonly contract: DenseParams };
  readonly feedForwardNorm: LayerNormParams;
};

/**
 * One layer of a Transformer encoder: { tokens [N, T, width], paddingMask? [N, T] } → [N, T, width]; attention, then a feed-forward network at
 * each position, each with a residual connection and layer normalisation. A stack of `pre` blocks wants one more norm at its end.
 * Vaswani et al. 2017, arXiv 1706.03762. Holds under a leading task axis.
 */
export function transformerBlock({
  width,
  heads,
  hidden = 4 * width,
  norm = 'pre',
  activation = 'gelu',
  dropout = 0,
  causal = false,
}: TransformerBlockOptions): Module<TokensInput, Tensor, TransformerBlockParams> {
  assertRate(dropout);
  const attention = multiHeadAttention({ width, heads, causal, dropout });
  const expand = dense({ units: hidden, inputs: width, activation });
  const contract = dense({ units: width, inputs: hidden });
  const normalize = layerNorm({ width });
  const branch = (x: Tensor, params: LayerNormParams, context: Context, f: (x: Tensor) => Tensor): Tensor => {
    const y = f(norm === 'pre' ? normalize.apply(params, x, context) : x);
    const sum = add(x, context.training && dropout > 0 ? drop(y, dropout, context.random()) : y);
    return norm === 'post' ? normalize.apply(params, sum, context) : sum;
  };
  return {
    config: { module: 'transformerBlock', width, heads, hidden, norm, activation, dropout, causal },
    init: (random) => ({
      attention: attention.init(random.fold('attention')),
      attentionNorm: normalize.init(random),
      feedForward: { expand: expand.init(random.fold('expand')), contract: contract.init(random.fold('contract')) },
      feedForwardNorm: normalize.init(random),
    }),
    apply(params, { tokens, paddingMask }, context) {
      const attended = branch(tokens, params.attentionNorm, context, (x) =>
        attention.apply(params.attention, { tokens: x, paddingMask }, context.child('attention')),
      );
      return branch(attended, params.feedForwardNorm, context, (x) =>
        contract.apply(params.feedForward.contract, expand.apply(params.feedForward.expand, x, context), context),
      );
    },
  };
}
