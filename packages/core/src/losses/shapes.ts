import { div, maximum, reshape, sqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
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

/** Rows (last axis) scaled to length 1; those shorter than 1e-6 are divided by that, so that a zero row stays zero, with a finite derivative. */
export function unitRows(x: Tensor): Tensor {
  return div(x, sqrt(maximum(sum(square(x), -1, true), 1e-12)));
}

/** ‖a − b + ε‖ over the last axis; its derivative is 0 where the length is. */
export function distance(a: Tensor, b: Tensor, epsilon = 0): Tensor {
  const difference = sub(a, b);
  const moved = epsilon === 0 ? difference : sub(difference, -epsilon);
  return sqrt(maximum(sum(square(moved), -1), 1e-30));
}
