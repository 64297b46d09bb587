import { customGrad, type Tensor } from '@tensorflow/tfjs-core';

/** The same values as a constant: no gradient flows through, at any order. A node without inputs ends the tape here. */
export function detach<T extends Tensor>(x: T): T {
  return customGrad(() => ({ value: x.clone(), gradFunc: () => [] }))() as T;
}
