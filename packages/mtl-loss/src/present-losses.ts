import { add, greater, log, type Tensor1D, where } from '@tensorflow/tfjs-core';

/** The losses [tasks] with `instead` in the place of absent tasks, so that whatever those hold, NaN included, has no part in value or gradient. */
export function presentLosses(losses: Tensor1D, present: Tensor1D, instead = 0): Tensor1D {
  return where(greater(present, 0), losses, instead) as Tensor1D;
}

/** log(Lᵢ + ε), and 0 for an absent task. */
export function logLosses(losses: Tensor1D, present: Tensor1D, epsilon: number): Tensor1D {
  return log(add(presentLosses(losses, present, 1 - epsilon), epsilon));
}
