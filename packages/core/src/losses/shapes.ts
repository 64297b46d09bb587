import { reshape, type Tensor } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';

/** Throws `shape_mismatch` unless predictions and targets have one shape. */
export function assertSameShape(predictions: Tensor, target: Tensor): void {
  if (predictions.shape.join() !== target.shape.join())
    throw new TaskloomError('shape_mismatch', 'Targets and predictions differ in shape.', {
      name: 'target',
      expected: `[${predictions.shape}]`,
      got: `[${target.shape}]`,
    });
}

/** Terms [m, …] reduced to one per row, [m]; terms of rank ≤ 1 as they are. */
export function overFeatures(terms: Tensor, reduce: (x: Tensor, axis: number) => Tensor): Tensor {
  return terms.rank < 2 ? terms : reduce(reshape(terms, [terms.shape[0]!, -1]), -1);
}
