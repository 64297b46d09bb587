import { checkNumbers } from '@taskloom/core';
import { sum } from '@tensorflow/tfjs-core';
import { logLosses } from './present-losses';
import { byPresence } from './present-tasks';
import { noParameters, scalarization, type WeighingTotal } from './total-loss';

export interface LogOptions {
  /** ε added to each loss, so that a loss of 0 has a finite logarithm and gradient. Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * Σ log(Lᵢ + ε) over the present tasks: each task's gradient is divided by its loss, so that the scale of a loss does not matter. For losses
 * that are ≥ 0. The second baseline: it wins published tables where losses differ in scale. Cost F + B.
 */
export function log({ epsilon = 1e-8 }: LogOptions = {}): WeighingTotal {
  checkNumbers({ epsilon }, 0);
  return {
    ...scalarization('log', noParameters, (losses, _, present) => sum(logLosses(losses, present, epsilon))),
    weigh: (losses, state, { present }) => ({ weights: byPresence(present, (i) => 1 / (losses[i]! + epsilon)), state }),
  };
}
