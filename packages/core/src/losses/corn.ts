import {
  add,
  cast,
  concat,
  cumsum,
  exp,
  expandDims,
  greater,
  greaterEqual,
  mul,
  neg,
  range,
  type Scalar,
  slice,
  softplus,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { assertNumbers } from './classes';
import { type RowWeights, weightedMean } from './weighted-mean';

/**
 * CORN, ordinal regression by K − 1 conditional questions "given that the rank is at least k, is it greater than k?": the mean, over all questions that a
 * row's rank lets it be asked, of binary cross-entropy, each question with its row's weight; float32 []. `logits` [m, K − 1], `target` int32 [m], ranks
 * 0 … K − 1. Unlike CORAL's, the questions share no weights. Shi, Cao & Raschka 2021, arXiv:2111.08851.
 */
export function corn(logits: Tensor, target: Tensor, { weight }: RowWeights = {}): Scalar {
  assertNumbers(logits, target);
  return tidy(() => {
    const rank = expandDims(cast(target, 'float32'), -1);
    const thresholds = range(0, logits.shape[logits.rank - 1]!, 1, 'float32');
    const asked = cast(greaterEqual(rank, thresholds), 'float32');
    const above = cast(greater(rank, thresholds), 'float32');
    const terms = add(mul(above, softplus(neg(logits))), mul(sub(1, above), softplus(logits)));
    return weightedMean(terms, weight ? mul(asked, expandDims(weight, -1)) : asked);
  });
}

/** P(y > k) = Π_{j ≤ k} σ(x_j), float32 [m, K − 1]: falling in k. */
function above(logits: Tensor): Tensor {
  return exp(cumsum(neg(softplus(neg(logits))), logits.rank - 1));
}

/** The predicted rank, int32 [m]: how many P(y > k) are greater than ½. */
export function cornLabels(logits: Tensor): Tensor {
  return tidy(() => sum(cast(greater(above(logits), 0.5), 'int32'), -1));
}

/** P(y = k), float32 [m, K]: differences of neighbouring P(y > k), which are never negative. */
export function cornProbabilities(logits: Tensor): Tensor {
  return tidy(() => {
    const [rows, thresholds] = [logits.shape[0]!, logits.shape[1]!];
    const p = above(logits);
    const first = sub(1, slice(p, [0, 0], [rows, 1]));
    const last = slice(p, [0, thresholds - 1], [rows, 1]);
    if (thresholds === 1) return concat([first, last], -1);
    const between = sub(slice(p, [0, 0], [rows, thresholds - 1]), slice(p, [0, 1], [rows, thresholds - 1]));
    return concat([first, between, last], -1);
  });
}
