import type { Module } from '@taskloom/core';
import { bagOfEmbeddings, dropout, type EmbeddingParams, embedding } from '@taskloom/core/modules';
import { abs, cast, expandDims, minimum, mul, sign, sum, type Tensor } from '@tensorflow/tfjs-core';

/** Vectors in time with their padding. */
export interface TokenSequence {
  /** [N, T, width]; zero where the mask is. */
  readonly tokens: Tensor;
  /** float32 [N, T]: 1 for a token, 0 for padding. */
  readonly mask: Tensor;
}

/**
 * Ids → vectors in time: int32 `[N, T]`, an id a token, or int32 `[N, T, S]`, S hashed features a token of which those ≠ 0 are averaged (with their
 * signs), or their sum divided by the root of their number (`unit`). A token is padding where its id, or all its features, are 0. `{ table: [size, width] }`. Holds under a leading task axis.
 */
export function tokenEmbedding({
  size,
  width,
  combiner = 'mean',
  featureDropout = 0,
}: {
  readonly size: number;
  readonly width: number;
  readonly combiner?: 'mean' | 'unit';
  /** In training, each id is left out with this probability, and the others divided by 1 − it. */
  readonly featureDropout?: number;
}): Module<Tensor, TokenSequence, EmbeddingParams> {
  const single = embedding({ size, width });
  const several = bagOfEmbeddings({ size, width, combiner, featureDropout });
  const leaveOut = dropout({ rate: featureDropout });
  return {
    config: { module: 'tokenEmbedding', size, width, combiner, featureDropout },
    init: (random) => single.init(random),
    apply(params, ids, context) {
      const present = abs(sign(cast(ids, 'float32')));
      const taskAxes = params.table.rank - 2;
      if (ids.rank - taskAxes === 2) {
        const tokens = single.apply(params, ids, context);
        if (featureDropout === 0) return { tokens, mask: present };
        return { tokens: mul(tokens, expandDims(leaveOut.apply({}, present, context), -1)), mask: present };
      }
      return { tokens: several.apply({ ids: params }, { ids }, context), mask: minimum(sum(present, -1), 1) };
    },
  };
}
