import { type Module, type Params, TaskloomError } from '@taskloom/core';
import { concat, expandDims, onesLike, slice, type Tensor } from '@tensorflow/tfjs-core';
import type { TaskVectors } from './task-vectors';

/** Vectors in time with their padding: tokens `[N, T, width]`, mask float32 `[N, T]`. */
export interface TokenSequence {
  readonly tokens: Tensor;
  readonly mask: Tensor;
}

/**
 * Puts each row's task vector before its tokens: `[N, T, width]` → `[N, T + 1, width]`, the mask extended by a 1, so that attention everywhere can look at the
 * task. Pool with `first` to read the answer off at its place. `embedding.width` must be the width of the tokens. Parameters: those of the embedding.
 */
export function taskToken(embedding: TaskVectors): Module<TokenSequence, TokenSequence> {
  return {
    config: { module: 'taskToken', embedding: embedding.config },
    init: (random): Params => embedding.init(random),
    apply(params, { tokens, mask }, context) {
      const vectors = embedding.apply(params, undefined, context);
      if (vectors.shape.at(-1) !== tokens.shape.at(-1))
        throw new TaskloomError('shape_mismatch', 'The task vectors are not as wide as the tokens.', {
          name: 'embedding',
          expected: `width ${tokens.shape.at(-1)}`,
          got: vectors.shape.at(-1),
        });
      const column = slice(mask, new Array<number>(mask.rank).fill(0), [...mask.shape.slice(0, -1), 1]);
      return { tokens: concat([expandDims(vectors, -2), tokens], tokens.rank - 2), mask: concat([onesLike(column), mask], mask.rank - 1) };
    },
  };
}
