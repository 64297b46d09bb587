import { expandDims, mean, mul, relu, type Scalar, sub, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { overFeatures } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface QuantileOptions extends RowWeights {
  /** Which quantile, in (0, 1); or Q of them, for predictions with a last axis of Q. Default ½, the median. */
  readonly quantiles?: number | readonly number[];
}

/**
 * The pinball loss: the weighted mean over rows of max(q·d, (q − 1)·d), d = target − prediction, whose least is at the q-quantile; float32 [].
 * Predictions and targets [m] or [m, …] alike; for a list of Q quantiles predictions [..., Q] and targets without that axis. A row counts with the mean of its
 * terms. Its second derivative is 0 throughout. Koenker & Bassett 1978 (Econometrica 46).
 */
export function quantile(predictions: Tensor, target: Tensor, { weight, quantiles = 0.5 }: QuantileOptions = {}): Scalar {
  const all = typeof quantiles === 'number' ? [quantiles] : quantiles;
  if (all.length === 0 || !all.every((q) => q > 0 && q < 1))
    throw new TaskloomError('bad_option', "'quantiles' is out of range.", {
      name: 'quantiles',
      got: quantiles,
      expected: 'numbers in (0, 1)',
    });
  const several = typeof quantiles !== 'number';
  const expected = several ? [...target.shape, all.length] : target.shape;
  if (predictions.shape.join() !== expected.join())
    throw new TaskloomError('shape_mismatch', 'Targets and predictions differ in shape.', {
      name: 'predictions',
      expected: `[${expected}]`,
      got: `[${predictions.shape}]`,
    });
  return tidy(() => {
    const over = sub(predictions, several ? expandDims(target, -1) : target);
    const terms = sub(relu(over), mul(over, several ? tensor1d([...all]) : all[0]!));
    return weightedMean(overFeatures(terms, mean), weight);
  });
}
