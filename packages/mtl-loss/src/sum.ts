import { sum as sumOf } from '@tensorflow/tfjs-core';
import { presentLosses } from './present-losses';
import { noParameters, scalarization, type WeighingTotal } from './total-loss';

/**
 * Σ Lᵢ over the present tasks: the default, and the baseline for all others. A well-tuned sum often does as well as anything
 * (V. Kurin et al. 2022, arXiv 2201.04122; D. Xin et al. 2022, arXiv 2209.11379). Cost F + B.
 */
export function sum(): WeighingTotal {
  return {
    ...scalarization('sum', noParameters, (losses, _, present) => sumOf(presentLosses(losses, present))),
    weigh: (_, state, { present }) => ({ weights: present.slice(), state }),
  };
}
