import { checkNumbers, chosen, type FeatureBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { float32Tolerance, gramianEigen, spectral } from './gramian-eigen';
import { type TaskValues, taskValues } from './task-values';
import { meanOf } from './vectors';

export interface AlignedMtlOptions {
  /** What all singular values become: the smallest of them (`min`, default, the paper's), their lower median, or the root of their mean square. */
  readonly scale?: 'min' | 'median' | 'rmse';
  /** How much each task counts, by name or in the order of the tasks. Default: 1/T each. The authors' code has 1 each. */
  readonly preference?: TaskValues;
  /** A gradient of whose square no more than this lies outside the span of others depends on them, and adds no singular value. Default 1e-6, for Gramians in float32. */
  readonly tolerance?: number;
}

/**
 * Aligned-MTL (D. Senushkin et al. 2023, arXiv 2305.19000): replaces the gradients by the nearest ones that are orthogonal and of one length s, all singular
 * values of J set to s, and combines these: w = s G^(−1/2) p. No task dominates by its size, none is lost where they conflict; with `min` the step is as short as the
 * worst-determined direction asks.
 *
 * The number of singular values above 0 is a decision (`tolerance`), and `min` depends on it. Weights may be negative, and a task may be opposed.
 * Where all gradients are zero the weights are p. Cost F + T·B.
 */
export function alignedMtl({ scale = 'min', preference, tolerance = float32Tolerance }: AlignedMtlOptions = {}): FeatureBalancer<null> {
  /** s² from the eigenvalues, in ascending order. */
  const squareOf = chosen<typeof scale, (values: number[]) => number>('scale', scale, {
    min: ([least]) => least!,
    median: (values) => values[(values.length - 1) >> 1]!,
    rmse: meanOf,
  });
  const preferenceOf = taskValues('preference', preference);
  checkNumbers({ tolerance }, 0, 1);
  return statelessBalancer(
    'aligned-mtl',
    (gramian, context, places) => {
      const pairs = gramianEigen(gramian, tolerance);
      const p = preferenceOf(context, 1 / gramian.length, places);
      if (pairs.length === 0) return p;
      return spectral(pairs, -0.5, p, squareOf(pairs.map(([value]) => value)));
    },
    { features: true },
  );
}
