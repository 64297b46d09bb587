import {
  add,
  cast,
  concat,
  div,
  expandDims,
  greater,
  mul,
  neg,
  relu,
  reshape,
  type Scalar,
  sigmoid,
  slice,
  softplus,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { type PerClass, perClass } from './classes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface CoralOptions extends RowWeights {
  /** One factor per threshold, K − 1 of them. Default: all 1. */
  readonly thresholdWeights?: PerClass;
}

/** One score per row and K − 1 biases → logits [m, K − 1] of P(y > k): `score` [m] or [m, 1], `biases` [K − 1]. */
export function coralLogits(score: Tensor, biases: Tensor): Tensor {
  return tidy(() => add(reshape(score, [-1, 1]), biases));
}

/**
 * CORAL, ordinal regression by K − 1 questions "is the rank greater than k?": the weighted mean over rows of
 * −Σ_k [y > k] ln σ(x_k) + [y ≤ k] ln(1 − σ(x_k)), float32 []. `logits` [m, K − 1], `target` int32 [m], ranks 0 … K − 1.
 * Cao, Mirjalili & Raschka 2020, arXiv:1901.07884.
 */
export function coral(logits: Tensor, target: Tensor, { weight, thresholdWeights }: CoralOptions = {}): Scalar {
  const thresholds = logits.shape[logits.rank - 1]!;
  if (target.size * thresholds !== logits.size)
    throw new TaskloomError('shape_mismatch', 'Ranks do not fit the logits.', {
      name: 'target',
      expected: `[${logits.shape.slice(0, -1)}]`,
      got: `[${target.shape}]`,
    });
  return tidy(() => {
    const above = cast(greater(expandDims(cast(target, 'float32'), -1), ranks(thresholds)), 'float32');
    const terms = add(mul(above, softplus(neg(logits))), mul(sub(1, above), softplus(logits)));
    const weighted = thresholdWeights ? mul(terms, perClass('thresholdWeights', thresholdWeights, thresholds)) : terms;
    return weightedMean(sum(weighted, -1), weight);
  });
}

/** The predicted rank, int32 [m]: how many of the K − 1 logits are positive. */
export function coralLabels(logits: Tensor): Tensor {
  return tidy(() => sum(cast(greater(logits, 0), 'int32'), -1));
}

/** P(y = k), float32 [m, K]: differences of neighbouring P(y > k), negative ones (thresholds out of order) set to 0 and the rest scaled to sum 1. */
export function coralProbabilities(logits: Tensor): Tensor {
  return tidy(() => {
    const [rows, thresholds] = [logits.shape[0]!, logits.shape[1]!];
    const above = sigmoid(logits);
    const first = sub(1, slice(above, [0, 0], [rows, 1]));
    const between = sub(slice(above, [0, 0], [rows, thresholds - 1]), slice(above, [0, 1], [rows, thresholds - 1]));
    const last = slice(above, [0, thresholds - 1], [rows, 1]);
    const parts = relu(concat(thresholds === 1 ? [first, last] : [first, between, last], -1));
    return div(parts, sum(parts, -1, true));
  });
}

const ranks = (count: number) => tensor1d(Float32Array.from({ length: count }, (_, k) => k));
