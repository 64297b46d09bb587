import { abs, add, clipByValue, mean, mul, type Scalar, softplus, square, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { assertSameShape, overFeatures } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

/** The weighted mean over rows of e², e = prediction − target, float32 []; both [m] or [m, …] (a row counts with the mean of its terms). */
export function squaredError(predictions: Tensor, target: Tensor, { weight }: RowWeights = {}): Scalar {
  return ofErrors(predictions, target, weight, square);
}

/** The weighted mean over rows of |e|; shapes as in `squaredError`. Its second derivative is 0 throughout. */
export function absoluteError(predictions: Tensor, target: Tensor, { weight }: RowWeights = {}): Scalar {
  return ofErrors(predictions, target, weight, abs);
}

export interface HuberOptions extends RowWeights {
  /** Where the parabola becomes a line. Default 1. */
  readonly delta?: number;
}

/** The weighted mean over rows of ½e² where |e| ≤ δ, else δ(|e| − δ/2); shapes as in `squaredError`. Huber 1964 (Annals of Mathematical Statistics 35). */
export function huber(predictions: Tensor, target: Tensor, { weight, delta = 1 }: HuberOptions = {}): Scalar {
  if (!(delta > 0 && Number.isFinite(delta)))
    throw new TaskloomError('bad_option', "'delta' is out of range.", { name: 'delta', got: String(delta), expected: 'a number > 0' });
  return ofErrors(predictions, target, weight, (e) => {
    // c(e − c/2) is both branches at once, smooth at 0, and has no cancellation for large e.
    const c = clipByValue(e, -delta, delta);
    return mul(c, sub(e, mul(c, 0.5)));
  });
}

/** The weighted mean over rows of ln cosh e: like Huber's a parabola that becomes a line, with all derivatives; shapes as in `squaredError`. */
export function logCosh(predictions: Tensor, target: Tensor, { weight }: RowWeights = {}): Scalar {
  return ofErrors(predictions, target, weight, (e) => sub(add(e, softplus(mul(e, -2))), Math.LN2));
}

function ofErrors(predictions: Tensor, target: Tensor, weight: Tensor | undefined, term: (error: Tensor) => Tensor): Scalar {
  assertSameShape(predictions, target);
  return tidy(() => weightedMean(overFeatures(term(sub(predictions, target)), mean), weight));
}
