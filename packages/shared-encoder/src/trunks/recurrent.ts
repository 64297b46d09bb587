import type { Params } from '@taskloom/core';
import { dropout, type EmbeddingParams, type MinGruParams, minGru } from '@taskloom/core/modules';
import { expandDims, mul } from '@tensorflow/tfjs-core';
import { checkOptions, count, jsonOf, rate as rateRule } from '../config';
import type { Trunk } from '../trunk';
import { namedInput } from './inputs';
import { type SummaryOptions, summary, summaryRules } from './summary';
import { tokenEmbedding } from './token-embedding';

export interface RecurrentOptions extends SummaryOptions {
  /** Rows of the embedding table. Ids run from 1 to size − 1; 0 is padding. */
  readonly size: number;
  /** Width of the embedding. */
  readonly width: number;
  /** Numbers that each layer keeps of what it has read, in each of its two directions. Default `width`. */
  readonly units?: number;
  /** Default 2. */
  readonly layers?: number;
  /** Tokens that the first layer's gates and candidates see: with more than one, those around each as a filter of this width does. Default 1. */
  readonly window?: number;
  /** In training, each word, or feature of one, is left out with this probability. Default 0. */
  readonly featureDropout?: number;
  /** The longest text, outside of training. Default 128. */
  readonly length?: number;
}

/**
 * Reads a text from both ends: `{ ids: int32 [N, T] or [N, T, S] }` → embedding (of S features a token the sum over the root of their number) → layers of `minGru` → tokens `[N, T, 2·units]`, pooled (default `max`).
 * It sees the order of words over the whole text, by 4·width² multiplications a token in the first layer and 8·width² in each other one (of `width` units), where a transformer's block takes 12·width² and attention. Feng et al. 2024, arXiv:2410.01201; in both directions as Schuster & Paliwal 1997. Holds under a leading task axis.
 */
export function recurrent(options: RecurrentOptions): Trunk {
  checkOptions(
    'recurrent',
    options,
    { size: count, width: count },
    { units: count, layers: count, window: count, featureDropout: rateRule, length: count, ...summaryRules },
  );
  const { size, width, units = width, layers: depth = 2, window = 1, featureDropout, length, pooling = 'max', dropout: rate = 0 } = options;
  const embedding = tokenEmbedding({ size, width, combiner: 'unit', featureDropout });
  const drop = dropout({ rate });
  const layers = Array.from({ length: depth }, (_, i) => ({
    name: `layer${i}`,
    module: minGru({ inputs: i === 0 ? width : 2 * units, units, window: i === 0 ? window : 1, length }),
  }));
  const end = summary(pooling, 2 * units, options);
  return {
    kind: 'recurrent',
    width: end.width,
    tokens: true,
    config: jsonOf('recurrent', options),
    tables: { 'embedding/table': { inputs: ['ids'] } },
    init: (random): Params => ({
      embedding: embedding.init(random.fold('embedding')),
      layers: Object.fromEntries(layers.map(({ name, module }) => [name, module.init(random.fold(name))])),
      summary: end.init(random.fold('summary')),
    }),
    apply(params, inputs, context) {
      const ids = namedInput(inputs, 'ids', 'recurrent');
      const { tokens, mask } = embedding.apply(params.embedding as EmbeddingParams, ids, context.child('embedding'));
      const stack = params.layers as { readonly [name: string]: MinGruParams };
      const read = layers.reduce(
        (x, { name, module }) => module.apply(stack[name]!, { tokens: x, mask }, context.child(name)),
        drop.apply({}, tokens, context.child('embedding')),
      );
      return end.apply((params.summary ?? {}) as Params, { tokens: mul(read, expandDims(mask, -1)), mask }, context.child('summary'));
    },
  };
}
