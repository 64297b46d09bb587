import { div, maximum, mean, mul, reshape, type Scalar, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';

/** What the losses that are means over rows have in common. */
export interface RowWeights {
  /** float32 [m], ≥ 0: 0 leaves a row out (a missing label, padding). Default: all 1. */
  readonly weight?: Tensor;
}

/**
 * Σ wᵢvᵢ / Σ wᵢ, float32 []. `values` and `weights` of the same shape. All-zero weights give 0 with zero gradient; values must be finite even
 * where their weight is 0. Without weights the plain mean. The caller owns the result.
 */
export function weightedMean(values: Tensor, weights?: Tensor): Scalar {
  if (!weights) return mean(values) as Scalar;
  if (weights.size !== values.size)
    throw new TaskloomError('shape_mismatch', "'weight' does not fit the rows.", {
      name: 'weight',
      expected: `[${values.shape}]`,
      got: `[${weights.shape}]`,
      remedy: 'Give one weight per row.',
    });
  return tidy(() => div(sum(mul(values, reshape(weights, values.shape))), maximum(sum(weights), 1e-30)) as Scalar);
}
