import { add, cast, mul, relu, type Scalar, square, sub, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { assertAtLeast } from './classes';
import { assertSameShape, distance, unitRows } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface TripletOptions extends RowWeights {
  /** Default 1. */
  readonly margin?: number;
  /** Added to each component of a difference before its length is taken, so that equal vectors have a derivative. Default 1e-6, as PyTorch has it. */
  readonly epsilon?: number;
}

/**
 * The weighted mean over rows of max(0, d(a, p) − d(a, n) + margin), d(x, y) = ‖x − y + ε‖, float32 []; all [m, d]. Schroff, Kalenichenko & Philbin 2015,
 * arXiv:1503.03832.
 */
export function triplet(anchor: Tensor, positive: Tensor, negative: Tensor, options: TripletOptions = {}): Scalar {
  const { weight, margin = 1, epsilon = 1e-6 } = options;
  assertSameShape(anchor, positive);
  assertSameShape(anchor, negative);
  assertAtLeast('margin', margin, 0);
  return tidy(() => {
    const gap = sub(distance(anchor, positive, epsilon), distance(anchor, negative, epsilon));
    return weightedMean(relu(add(gap, margin)), weight);
  });
}

export interface PairLossOptions extends RowWeights {
  readonly margin?: number;
}

/**
 * The weighted mean over rows of 1 − cos(a, b) where the target is 1, max(0, cos(a, b) − margin) where it is −1, float32 []; a, b [m, d], `target` [m]. Margin 0 by
 * default. The cosine with a zero vector is 0.
 */
export function cosineEmbedding(a: Tensor, b: Tensor, target: Tensor, { weight, margin = 0 }: PairLossOptions = {}): Scalar {
  assertSameShape(a, b);
  return tidy(() => {
    const cosine = sum(mul(unitRows(a), unitRows(b)), -1);
    return ofPairs(target, sub(1, cosine), relu(sub(cosine, margin)), 0.5, 0.5, weight);
  });
}

/**
 * The weighted mean over rows of d² where the target is 1, max(0, margin − d)² where it is 0, d = ‖a − b‖, float32 []; a, b [m, d], `target` [m]. Margin 1 by default.
 * Hadsell, Chopra & LeCun 2006 (CVPR), without their factor ½.
 */
export function contrastive(a: Tensor, b: Tensor, target: Tensor, { weight, margin = 1 }: PairLossOptions = {}): Scalar {
  assertSameShape(a, b);
  assertAtLeast('margin', margin, 0);
  return tidy(() => ofPairs(target, sum(square(sub(a, b)), -1), square(relu(sub(margin, distance(a, b)))), 0, 1, weight));
}

/** Loss of a pair that belongs together, and of one that does not; share of the former = `offset` + `slope`·target. */
function ofPairs(target: Tensor, together: Tensor, apart: Tensor, offset: number, slope: number, weight: Tensor | undefined): Scalar {
  assertSameShape(together, target);
  const share = add(mul(cast(target, 'float32'), slope), offset);
  return weightedMean(add(mul(share, together), mul(sub(1, share), apart)), weight);
}
