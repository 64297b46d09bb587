import { add, log as logOf, onesLike, type Scalar, sub, sum, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { presentLosses } from './present-losses';
import type { NoParameters, TotalLoss } from './total-loss';

export interface LogOptions {
  /** ε added to each loss, so that a loss of 0 has a finite logarithm and gradient. Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * Σ log(Lᵢ + ε) over the present tasks: each task's gradient is divided by its loss, so that the scale of a loss does not matter. For losses
 * that are ≥ 0. The second baseline: it wins published tables where losses differ in scale.
 */
export function log({ epsilon = 1e-8 }: LogOptions = {}): TotalLoss<NoParameters> {
  return {
    kind: 'scalarization',
    name: 'log',
    needs: ['losses'],
    init: () => ({}),
    total: (losses, _, present) =>
      tidy(() => {
        // An absent task is log 1.
        const neutral = sub(onesLike(losses), epsilon) as Tensor1D;
        return sum(logOf(add(presentLosses(losses, present, neutral), epsilon))) as Scalar;
      }),
  };
}
