import { add, div, exp, log, maximum, mean, mul, neg, type Scalar, square, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { assertAtLeast } from './classes';
import { assertSameShape, overFeatures } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface GaussianNllOptions extends RowWeights {
  /** What the third argument is: a variance (the output of a softplus, say), or its logarithm. Default `variance`. */
  readonly form?: 'variance' | 'logVariance';
  /** Least variance; below it the variance is this, with derivative 0. Default 1e-6. */
  readonly epsilon?: number;
  /** Add ½ ln 2π, so that the value is a density's. Default false. */
  readonly constant?: boolean;
}

/**
 * The negative log-likelihood of normal errors: the weighted mean over rows of ½(ln v + e²/v), e = prediction − target, float32 []; all of one shape, [m] or
 * [m, …] (a row counts with the mean of its terms). Nix & Weigend 1994 (ICNN).
 */
export function gaussianNll(predictions: Tensor, target: Tensor, variance: Tensor, options: GaussianNllOptions = {}): Scalar {
  const { weight, form = 'variance', epsilon = 1e-6, constant = false } = options;
  assertSameShape(predictions, target);
  assertSameShape(predictions, variance);
  assertAtLeast('epsilon', epsilon, 0, true);
  return tidy(() => {
    const error = square(sub(predictions, target));
    const terms = () => {
      if (form === 'variance') {
        const v = maximum(variance, epsilon);
        return add(log(v), div(error, v));
      }
      const s = maximum(variance, Math.log(epsilon));
      return add(s, mul(error, exp(neg(s))));
    };
    const half = mul(terms(), 0.5);
    return weightedMean(overFeatures(constant ? add(half, 0.5 * Math.log(2 * Math.PI)) : half, mean), weight);
  });
}
