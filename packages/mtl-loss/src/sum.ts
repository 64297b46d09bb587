import { sum as sumOf } from '@tensorflow/tfjs-core';
import { presentLosses } from './present-losses';
import { type NoParameters, noParameters, scalarization, type TotalLoss } from './total-loss';

/**
 * Σ Lᵢ over the present tasks: the default, and the baseline for all others. A well-tuned sum often does as well as anything
 * (V. Kurin et al. 2022, arXiv 2201.04122; D. Xin et al. 2022, arXiv 2209.11379).
 */
export function sum(): TotalLoss<NoParameters> {
  return scalarization('sum', noParameters, (losses, _, present) => sumOf(presentLosses(losses, present)));
}
