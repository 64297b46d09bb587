import type { Params } from '@taskloom/core';
import { convolution1d, type DenseParams, dense, dropout, type EmbeddingParams } from '@taskloom/core/modules';
import { add, concat, expandDims, mul } from '@tensorflow/tfjs-core';
import { checkOptions, count, counts, jsonOf } from '../config';
import type { Trunk } from '../trunk';
import { namedInput } from './inputs';
import { type SummaryOptions, summary, summaryRules } from './summary';
import { tokenEmbedding } from './token-embedding';

export interface TextCNNOptions extends SummaryOptions {
  /** Rows of the embedding table. Ids run from 1 to size − 1; 0 is padding. */
  readonly size: number;
  /** Width of the embedding, and of the tokens. */
  readonly width: number;
  /** How many tokens the filters see. Default [2, 3, 4]. */
  readonly widths?: readonly number[];
  /** Filters of each width. Default `width`. */
  readonly filters?: number;
  /**
   * What is pooled: the `tokens`; the `embeddings` before the convolutions, which overfit less where data are few; or the `filters`, the most that each
   * has found (Kim 2014; `pooling` then defaults to `max`, and the trunk returns no tokens). Default `tokens`.
   */
  readonly pool?: 'tokens' | 'embeddings' | 'filters';
}

/**
 * Convolutions of several widths over text: `{ ids: int32 [N, T] or [N, T, S] }` → tokens xₜ + W·[relu(conv_w(x))ₜ]_w, pooled (default `meanMax`).
 * The convolutions keep the length, and the embedding is added to them, so that each token still knows what it is: hence good for tagging as well. With `pool: 'filters'`
 * pooled is max_t [relu(conv_w(x))ₜ]_w, `[N, filters · widths]`. After Kim 2014, arXiv:1408.5882. Holds under a leading task axis.
 */
export function textCNN(options: TextCNNOptions): Trunk {
  checkOptions(
    'textCNN',
    options,
    { size: count, width: count },
    { widths: counts, filters: count, pool: ['tokens', 'embeddings', 'filters'], ...summaryRules },
  );
  const { size, width, widths = [2, 3, 4], filters = width, pool = 'tokens', dropout: rate = 0 } = options;
  const ofFilters = pool === 'filters';
  const embedding = tokenEmbedding({ size, width });
  const drop = dropout({ rate });
  const convolutions = widths.map((seen) => ({
    name: `width${seen}`,
    module: convolution1d({ inputs: width, filters, width: seen, padding: 'same', activation: 'relu', kernelInitializer: 'heUniform' }),
  }));
  const mix = ofFilters ? undefined : dense({ inputs: filters * widths.length, units: width });
  const end = summary(options.pooling ?? (ofFilters ? 'max' : 'meanMax'), ofFilters ? filters * widths.length : width, options);
  return {
    kind: 'textCNN',
    width: end.width,
    tokens: !ofFilters,
    config: jsonOf('textCNN', options),
    tables: { 'embedding/table': { inputs: ['ids'] } },
    init: (random): Params => ({
      embedding: embedding.init(random.fold('embedding')),
      convolutions: Object.fromEntries(convolutions.map(({ name, module }) => [name, module.init(random.fold(name))])),
      ...(mix ? { mix: mix.init(random.fold('mix')) } : {}),
      summary: end.init(random.fold('summary')),
    }),
    apply(params, inputs, context) {
      const { tokens, mask } = embedding.apply(
        params.embedding as EmbeddingParams,
        namedInput(inputs, 'ids', 'textCNN'),
        context.child('embedding'),
      );
      const x = drop.apply({}, tokens, context.child('embedding'));
      const kernels = params.convolutions as { readonly [name: string]: DenseParams };
      const seen = concat(
        convolutions.map(({ name, module }) => module.apply(kernels[name]!, x, context.child(name))),
        -1,
      );
      const summed = (params.summary ?? {}) as Params;
      if (!mix) return { pooled: end.apply(summed, { tokens: seen, mask }, context.child('summary')).pooled };
      const mixed = mix.apply(params.mix as DenseParams, seen, context.child('mix'));
      const sequence = { tokens: mul(add(x, mixed), expandDims(mask, -1)), mask };
      return end.apply(summed, pool === 'embeddings' ? { ...sequence, pool: x } : sequence, context.child('summary'));
    },
  };
}
