import {
  add,
  cast,
  equal,
  expandDims,
  mean,
  mul,
  neg,
  range,
  relu,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { assertAtLeast, assertNumbers } from './classes';
import { assertSameShape, overFeatures } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface HingeOptions extends RowWeights {
  /** Default 1. */
  readonly margin?: number;
  /** Square each term. Default false. */
  readonly squared?: boolean;
}

/**
 * The weighted mean over rows of max(0, margin − y·x), or its square, float32 []; scores and targets of one shape, [m] or [m, …] (a row counts with the mean of
 * its terms), y −1 or 1. Cortes & Vapnik 1995 (Machine Learning 20).
 */
export function hinge(scores: Tensor, target: Tensor, { weight, margin = 1, squared = false }: HingeOptions = {}): Scalar {
  assertSameShape(scores, target);
  assertAtLeast('margin', margin, 0);
  return tidy(() => {
    const short = relu(add(neg(mul(cast(target, 'float32'), scores)), margin));
    return weightedMean(overFeatures(squared ? square(short) : short, mean), weight);
  });
}

/**
 * The weighted mean over rows of Σ_{c ≠ y} max(0, margin − x_y + x_c) / K, terms perhaps squared, float32 []. `logits` [m, K], `target` int32 [m], class numbers.
 * Weston & Watkins 1999 (ESANN).
 */
export function multiClassHinge(logits: Tensor, target: Tensor, { weight, margin = 1, squared = false }: HingeOptions = {}): Scalar {
  assertNumbers(logits, target);
  assertAtLeast('margin', margin, 0);
  return tidy(() => {
    const classes = logits.shape[logits.rank - 1]!;
    const hard = cast(equal(expandDims(cast(target, 'int32'), -1), range(0, classes, 1, 'int32')), 'float32');
    const short = relu(add(sub(logits, sum(mul(logits, hard), -1, true)), margin));
    return weightedMean(mean(mul(sub(1, hard), squared ? square(short) : short), -1), weight);
  });
}
