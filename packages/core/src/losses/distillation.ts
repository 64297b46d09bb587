import { div, mean, mul, type Scalar, sub, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { logSoftmax, softmax, stopGradient } from '../ops';
import { assertAtLeast } from './classes';
import { squaredError } from './regression';
import { assertSameShape, overFeatures, unitRows } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface DistillationOptions extends RowWeights {
  /** T > 0: greater ones say more about the classes that the teacher thinks unlikely. Default 2. */
  readonly temperature?: number;
}

/**
 * The weighted mean over rows of T² KL(softmax(teacher/T) ‖ softmax(student/T)), float32 []; logits [..., K] of both, of which the leading axes are rows (with
 * axes between, a row counts with the mean of its terms). T² keeps the gradient's size whatever T. Nothing flows back into the teacher.
 * Hinton, Vinyals & Dean 2015, arXiv:1503.02531.
 */
export function distillation(student: Tensor, teacher: Tensor, { weight, temperature = 2 }: DistillationOptions = {}): Scalar {
  assertSameShape(student, teacher);
  assertAtLeast('temperature', temperature, 0, true);
  return tidy(() => {
    const fixed = div(stopGradient(teacher), temperature);
    const terms = mul(softmax(fixed), sub(logSoftmax(fixed), logSoftmax(div(student, temperature))));
    return weightedMean(overFeatures(mul(sum(terms, -1), temperature ** 2), mean), weight);
  });
}

export interface FeatureMatchingOptions extends RowWeights {
  /** Compare directions: rows (last axis) are scaled to length 1 first. Default false. */
  readonly normalize?: boolean;
}

/**
 * The weighted mean over rows of the mean squared difference of features, float32 []; both [m, …]. Nothing flows back into the teacher. Where the student's width is
 * another, map it to the teacher's first. Romero et al. 2015, arXiv:1412.6550.
 */
export function featureMatching(student: Tensor, teacher: Tensor, { weight, normalize = false }: FeatureMatchingOptions = {}): Scalar {
  assertSameShape(student, teacher);
  return tidy(() => {
    const scaled = (x: Tensor) => (normalize ? unitRows(x) : x);
    return squaredError(scaled(student), scaled(stopGradient(teacher)), { weight });
  });
}
