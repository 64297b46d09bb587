import { div, less, maximum, mul, outerProduct, type Scalar, sub, sum, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';

/** The share of pairs of present tasks whose gradients point against each other (Gᵢⱼ < 0), float32 []: 0 no conflict, 1 all against all. */
export function conflictOf(gramian: Tensor2D, present: Tensor1D): Scalar {
  const against = sum(mul(less(gramian, 0), outerProduct(present, present)));
  const count = sum(present);
  return div(against, maximum(mul(count, sub(count, 1)), 1));
}
