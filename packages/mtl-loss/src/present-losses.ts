import { add, greater, log, ones, onesLike, sub, type Tensor1D, where, zerosLike } from '@tensorflow/tfjs-core';

/** The losses [tasks] with `instead` (default 0) in the place of absent tasks, so that whatever those hold, NaN included, has no part in value or gradient. */
export function presentLosses(losses: Tensor1D, present: Tensor1D | undefined, instead?: Tensor1D): Tensor1D {
  return present ? (where(greater(present, zerosLike(present)), losses, instead ?? zerosLike(losses)) as Tensor1D) : losses;
}

/** float32 [tasks], all 1 unless given. */
export function presence(losses: Tensor1D, present: Tensor1D | undefined): Tensor1D {
  return present ?? ones([losses.size]);
}

/** log(Lᵢ + ε), and 0 for an absent task. */
export function logLosses(losses: Tensor1D, present: Tensor1D | undefined, epsilon: number): Tensor1D {
  return log(add(presentLosses(losses, present, sub(onesLike(losses), epsilon) as Tensor1D), epsilon));
}
