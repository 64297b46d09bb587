import {
  div,
  less,
  maximum,
  mul,
  outerProduct,
  type Scalar,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
  tidy,
  where,
} from '@tensorflow/tfjs-core';

/** The share of pairs of present tasks whose gradients point against each other (Gᵢⱼ < 0), float32 []: 0 no conflict, 1 all against all. The caller owns it. */
export function conflictOf(gramian: Tensor2D, present: Tensor1D): Scalar {
  return tidy(() => {
    const against = sum(where(less(gramian, 0), outerProduct(present, present), 0));
    const count = sum(present);
    return div(against, maximum(mul(count, sub(count, 1)), 1)) as Scalar;
  });
}
