import {
  add,
  cast,
  equal,
  exp,
  expandDims,
  mean,
  mul,
  neg,
  range,
  type Scalar,
  softplus,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { logSoftmax, logSumExp } from '../ops';
import { assertAtLeast, assertNumbers, never, type PerClass, perClass } from './classes';
import { assertSameShape, overFeatures } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface BinaryFocalOptions extends RowWeights {
  /** γ ≥ 0: how much less a well classified example counts; 0 is binary cross-entropy. Default 2. */
  readonly gamma?: number;
  /** Factor of the positive part, 1 − α being that of the negative part; `undefined` for no factors. Default 0.25. */
  readonly alpha?: number | undefined;
}

/**
 * The weighted mean over rows of −a (1 − p)^γ ln p, p being what the model gives to the truth, float32 []; a row of logits [m, K] counts with the mean of
 * its K terms. `target` has the shape of `logits`, values in [0, 1] (between them, the mix of both terms). Lin, Goyal, Girshick, He & Dollár 2017,
 * arXiv:1708.02002. Powers are taken of logarithms: finite, with finite derivatives, for finite x.
 */
export function binaryFocal(logits: Tensor, target: Tensor, options: BinaryFocalOptions = {}): Scalar {
  const { weight, gamma = 2 } = options;
  const alpha = 'alpha' in options ? options.alpha : 0.25;
  assertSameShape(logits, target);
  assertAtLeast('gamma', gamma, 0);
  if (alpha !== undefined && !(alpha >= 0 && alpha <= 1))
    throw new TaskloomError('bad_option', "'alpha' is out of range.", { name: 'alpha', got: alpha, expected: 'a number in [0, 1]' });
  return tidy(() => {
    // ln(1 − σ(x)) = −softplus(x)
    const term = (x: Tensor) => mul(exp(mul(softplus(x), -gamma)), softplus(neg(x)));
    const positive = mul(mul(target, alpha ?? 1), term(logits));
    const negative = mul(mul(sub(1, target), alpha === undefined ? 1 : 1 - alpha), term(neg(logits)));
    return weightedMean(overFeatures(add(positive, negative), mean), weight);
  });
}

export interface FocalOptions extends RowWeights {
  /** γ ≥ 0; 0 is cross-entropy. Default 2. */
  readonly gamma?: number;
  /** α, one factor per class; not in the divisor of the mean. Default: all 1. */
  readonly alpha?: PerClass;
}

/**
 * The weighted mean over rows of −α_y (1 − p_y)^γ ln p_y, p = softmax(x), float32 []. `logits` [m, K], `target` int32 [m], class numbers 0 … K − 1 (others
 * count as no class at all, with loss 0). Lin et al. 2017, arXiv:1708.02002. 1 − p is the sum of the other classes' p, not a difference.
 */
export function focal(logits: Tensor, target: Tensor, { weight, gamma = 2, alpha }: FocalOptions = {}): Scalar {
  assertNumbers(logits, target);
  assertAtLeast('gamma', gamma, 0);
  return tidy(() => {
    const classes = logits.shape[logits.rank - 1]!;
    const hard = cast(equal(expandDims(cast(target, 'int32'), -1), range(0, classes, 1, 'int32')), 'float32');
    const others = sub(logSumExp(add(logits, mul(hard, never))), logSumExp(logits));
    const factor = alpha ? mul(hard, perClass('alpha', alpha, classes)) : hard;
    return weightedMean(mul(exp(mul(others, gamma)), neg(sum(mul(factor, logSoftmax(logits)), -1))), weight);
  });
}
