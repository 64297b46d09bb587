import { type Scalar, sum as sumOf, tidy } from '@tensorflow/tfjs-core';
import { presentLosses } from './present-losses';
import type { NoParameters, TotalLoss } from './total-loss';

/**
 * Σ Lᵢ over the present tasks: the default, and the baseline for all others. A well-tuned sum often does as well as anything
 * (V. Kurin et al. 2022, arXiv 2201.04122; D. Xin et al. 2022, arXiv 2209.11379).
 */
export function sum(): TotalLoss<NoParameters> {
  return {
    kind: 'scalarization',
    name: 'sum',
    needs: ['losses'],
    init: () => ({}),
    total: (losses, _, present) => tidy(() => sumOf(presentLosses(losses, present)) as Scalar),
  };
}
