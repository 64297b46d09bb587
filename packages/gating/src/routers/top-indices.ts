import { stopGradient } from '@taskloom/core';
import { type Tensor, topk } from '@tensorflow/tfjs-core';

/** int32 `[…, k]`: the positions of the k largest of the last axis, largest first; a constant to gradients of any order. */
export function topIndices(x: Tensor, k: number): Tensor {
  return topk(stopGradient(x), k).indices;
}
