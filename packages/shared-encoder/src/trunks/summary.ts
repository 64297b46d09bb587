import type { Encoding, Module, Params } from '@taskloom/core';
import { type DenseParams, dense, dropout } from '@taskloom/core/modules';
import type { Tensor } from '@tensorflow/tfjs-core';
import { count, rate } from '../config';
import { type PoolingKind, pooling, poolingKinds } from '../pooling';
import type { TokenSequence } from './token-embedding';

export interface SummaryOptions {
  /** Default: the trunk's own. */
  readonly pooling?: PoolingKind;
  /** Units of one dense ReLU layer over every token before pooling. Default: none. */
  readonly projection?: number;
  /** Rate of dropout on what the trunk returns, and on its embeddings. Default 0. */
  readonly dropout?: number;
}

export const summaryRules = { pooling: poolingKinds, projection: count, dropout: rate };

/**
 * The end of a trunk that sees time: tokens `[N, T, inputs]` → projection → pooling → dropout, so that `pooled` and `tokens` have one width,
 * `projection ?? inputs`; what `meanMax` pools is brought back to it by a dense layer. With `pool`, these vectors are pooled in place of the tokens.
 */
export function summary(
  kind: PoolingKind,
  inputs: number,
  options: SummaryOptions,
): Module<TokenSequence & { readonly pool?: Tensor }, Encoding> & { readonly width: number } {
  const width = options.projection ?? inputs;
  const project = options.projection === undefined ? undefined : dense({ inputs, units: width, activation: 'relu' });
  const pool = pooling(kind, { width });
  const reduce = pool.width === width ? undefined : dense({ inputs: pool.width, units: width });
  const drop = dropout({ rate: options.dropout ?? 0 });
  return {
    width,
    config: { module: 'summary', kind, inputs, projection: options.projection, dropout: options.dropout },
    init: (random): Params => ({
      ...(project ? { projection: project.init(random.fold('projection')) } : {}),
      ...(kind === 'attention' ? { pooling: pool.init(random.fold('pooling')) } : {}),
      ...(reduce ? { reduction: reduce.init(random.fold('reduction')) } : {}),
    }),
    apply(params, sequence, context) {
      const projected = (x: Tensor) => (project ? project.apply(params.projection as DenseParams, x, context.child('projection')) : x);
      const tokens = projected(sequence.tokens);
      const pooledTokens = sequence.pool ? projected(sequence.pool) : tokens;
      const all = pool.apply((params.pooling ?? {}) as Params, { tokens: pooledTokens, mask: sequence.mask }, context.child('pooling'));
      const pooled = reduce ? reduce.apply(params.reduction as DenseParams, all, context.child('reduction')) : all;
      const inside = context.child('dropout');
      return { pooled: drop.apply({}, pooled, inside), tokens: drop.apply({}, tokens, inside), mask: sequence.mask };
    },
  };
}
