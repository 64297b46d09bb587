import { add, expandDims, matMul, mul, reshape, sub, type Tensor, tensor2d, transpose } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import type { Module } from '../module';
import { softmax } from '../ops';
import { type DenseParams, dense } from './dense';
import { assertRate, drop } from './dropout';
import { assertRows, leading, product } from './task-axis';

/** A sequence with its padding. */
export interface TokensInput {
  /** float32 [N, T, width]. */
  readonly tokens: Tensor;
  /** float32 [N, T]: 1 for a token, 0 for padding. Default: no padding. */
  readonly paddingMask?: Tensor;
}

export interface MultiHeadAttentionOptions {
  readonly width: number;
  /** Divides `width`. */
  readonly heads: number;
  /** A position sees itself and what is before it. Default false. */
  readonly causal?: boolean;
  /** On the attention weights, in training. Default 0. */
  readonly dropout?: number;
}

export type MultiHeadAttentionParams = {
  readonly query: DenseParams;
  readonly key: DenseParams;
  readonly value: DenseParams;
  readonly output: DenseParams;
};

/**
 * Self-attention: { tokens [N, T, width], paddingMask? [N, T] } → [N, T, width]. A head of size d computes softmax(Q·Kᵀ/√d)·V; padding
 * positions have weight 0 as keys, and a row that is all padding gives the output's bias. Vaswani et al. 2017, arXiv 1706.03762.
 * Records the weights as `attention` [N·, heads, T, T]. Holds under a leading task axis.
 */
export function multiHeadAttention({
  width,
  heads,
  causal = false,
  dropout = 0,
}: MultiHeadAttentionOptions): Module<TokensInput, Tensor, MultiHeadAttentionParams> {
  assertRate(dropout);
  if (width % heads !== 0)
    throw new TaskloomError('bad_option', `${heads} heads do not divide a width of ${width}.`, { name: 'heads', got: heads });
  const projection = dense({ units: width, inputs: width });
  const size = width / heads;
  return {
    config: { module: 'multiHeadAttention', width, heads, causal, dropout },
    init: (random) => ({
      query: projection.init(random.fold('query')),
      key: projection.init(random.fold('key')),
      value: projection.init(random.fold('value')),
      output: projection.init(random.fold('output')),
    }),
    apply(params, { tokens, paddingMask }, context) {
      const tasks = leading(params.query.kernel, 2);
      assertRows(tokens, tasks, [width], 'tokens of multiHeadAttention');
      const time = tokens.shape[tokens.rank - 2]!;
      const batch = product(tokens.shape.slice(0, -2)); // the rows of all tasks
      if (paddingMask) assertRows(paddingMask, tokens.shape.slice(0, -1), [], 'paddingMask of multiHeadAttention');
      const mask = paddingMask && reshape(paddingMask, [batch, 1, 1, time]);
      const split = (x: Tensor) => transpose(reshape(x, [batch, time, heads, size]), [0, 2, 1, 3]);

      const query = split(mul(projection.apply(params.query, tokens, context), 1 / Math.sqrt(size)));
      const key = split(projection.apply(params.key, tokens, context));
      const projected = projection.apply(params.value, tokens, context);
      // Padding values are zero as well: so a row that is all padding, whose weights are uniform, still sees nothing.
      const value = split(paddingMask ? mul(projected, expandDims(paddingMask, -1)) : projected);

      let scores = matMul(query, key, false, true); // [batch, heads, T, T]
      if (mask) scores = add(scores, mul(sub(mask, 1), far));
      if (causal) scores = add(scores, futureBias(time));
      const weights = softmax(scores);
      context.record('attention', weights);
      const dropped = context.training && dropout > 0 ? drop(weights, dropout, context.random()) : weights;
      const mixed = reshape(transpose(matMul(dropped, value), [0, 2, 1, 3]), tokens.shape);
      return projection.apply(params.output, mixed, context);
    },
  };
}

/** A score this far below the others has a weight of exactly 0 in float32. */
const far = 1e9;

/** [T, T]: 0 up to the diagonal, beyond it lower still than padding, so that a position that sees only padding does not see the future. */
function futureBias(time: number): Tensor {
  return tensor2d(
    Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? -3 * far : 0)),
    [time, time],
  );
}
