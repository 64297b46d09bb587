import type { Module, Params } from '@taskloom/core';
import {
  dropout,
  type EmbeddingParams,
  type LayerNormParams,
  layerNorm,
  type TransformerBlockOptions,
  type TransformerBlockParams,
  transformerBlock,
} from '@taskloom/core/modules';
import { expandDims, mul, slice, type Tensor } from '@tensorflow/tfjs-core';
import { anything, checkOptions, count, countOrZero, jsonOf } from '../config';
import type { Trunk } from '../trunk';
import { namedInput } from './inputs';
import { type PositionKind, positions } from './positions';
import { type SummaryOptions, summary, summaryRules } from './summary';
import { type TokenSequence, tokenEmbedding } from './token-embedding';

export interface TransformerOptions
  extends SummaryOptions,
    Pick<TransformerBlockOptions, 'width' | 'heads' | 'hidden' | 'norm' | 'activation'> {
  /** Rows of the embedding table. Ids run from 1 to size − 1; 0 is padding. */
  readonly size: number;
  /** Default 2. */
  readonly blocks?: number;
  /** Default `learned`. */
  readonly positions?: PositionKind;
  /** The longest text, for learned positions. Default 128. */
  readonly length?: number;
  /** Puts vectors before the tokens, a task token for example; heads see them in `pooled` only, so that tags stay aligned. */
  readonly prefix?: Module<TokenSequence, TokenSequence>;
}

const optionalRules = {
  hidden: count,
  norm: ['pre', 'post'],
  activation: ['gelu', 'geluTanh', 'relu'],
  blocks: countOrZero,
  positions: ['learned', 'sinusoidal', 'none'],
  length: count,
  prefix: anything,
  ...summaryRules,
};

/**
 * A Transformer encoder: `{ ids: int32 [N, T] or [N, T, S] }` → embedding + positions → blocks → norm, pooled (default `mean`).
 * Vaswani et al. 2017, arXiv:1706.03762; `pre` normalisation by default (Xiong et al. 2020, arXiv:2002.04745). Padding has no influence.
 * Holds under a leading task axis.
 */
export function transformer(options: TransformerOptions): Trunk {
  checkOptions('transformer', options, { size: count, width: count, heads: count }, optionalRules);
  const {
    size,
    width,
    heads,
    hidden,
    activation,
    norm = 'pre',
    blocks = 2,
    length = 128,
    pooling = 'mean',
    dropout: rate = 0,
    prefix,
  } = options;
  const embedding = tokenEmbedding({ size, width });
  const place = positions(options.positions ?? 'learned', { width, length });
  const drop = dropout({ rate });
  const block = transformerBlock({ width, heads, hidden, activation, norm, dropout: rate });
  const normalize = norm === 'pre' ? layerNorm({ width }) : undefined;
  const end = summary(pooling, width, options);
  const names = Array.from({ length: blocks }, (_, i) => `block${i}`);
  return {
    kind: 'transformer',
    width: end.width,
    tokens: true,
    config: jsonOf('transformer', { ...options, prefix: prefix?.config }),
    tables: { 'embedding/table': { inputs: ['ids'] } },
    init: (random): Params => ({
      embedding: embedding.init(random.fold('embedding')),
      positions: place.init(random.fold('positions')),
      ...(prefix ? { prefix: prefix.init(random.fold('prefix')) } : {}),
      blocks: Object.fromEntries(names.map((name) => [name, block.init(random.fold(name))])),
      ...(normalize ? { norm: normalize.init(random) } : {}),
      summary: end.init(random.fold('summary')),
    }),
    apply(params, inputs, context) {
      const ids = namedInput(inputs, 'ids', 'transformer');
      const embedded = embedding.apply(params.embedding as EmbeddingParams, ids, context.child('embedding'));
      const placed = place.apply((params.positions ?? {}) as Params, embedded.tokens, context.child('positions'));
      const text = { tokens: drop.apply({}, placed, context.child('embedding')), mask: embedded.mask };
      const { tokens: x, mask } = prefix ? prefix.apply((params.prefix ?? {}) as Params, text, context.child('prefix')) : text;

      const stack = params.blocks as { readonly [name: string]: TransformerBlockParams };
      const encoded = names.reduce((tokens, name) => block.apply(stack[name]!, { tokens, paddingMask: mask }, context.child(name)), x);
      const normed = normalize ? normalize.apply(params.norm as LayerNormParams, encoded, context.child('norm')) : encoded;
      const sequence = { tokens: mul(normed, expandDims(mask, -1)), mask };
      const encoding = end.apply((params.summary ?? {}) as Params, sequence, context.child('summary'));
      return { ...encoding, tokens: textSteps(encoding.tokens!, text.mask), mask: text.mask };
    },
  };
}

/** The steps of the text itself: what a prefix has put before them is cut off. */
function textSteps(tokens: Tensor, mask: Tensor): Tensor {
  const at = tokens.rank - 2;
  const before = tokens.shape[at]! - mask.shape[mask.rank - 1]!;
  if (before === 0) return tokens;
  return slice(
    tokens,
    tokens.shape.map((_, i) => (i === at ? before : 0)),
    tokens.shape.map((size, i) => (i === at ? size - before : size)),
  );
}
