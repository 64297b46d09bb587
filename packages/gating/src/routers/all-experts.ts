import { add, range, type Tensor, zeros } from '@tensorflow/tfjs-core';

/** int32 `[…, experts]`: 0 … experts − 1 for each row of `x` `[…, inputs]`. */
export function allExperts(x: Tensor, experts: number): Tensor {
  return add(zeros([...x.shape.slice(0, -1), experts], 'int32'), range(0, experts, 1, 'int32'));
}
