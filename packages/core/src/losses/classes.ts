import { type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';

/** Numbers given once per class, as a list or as float32 [K]. */
export type PerClass = readonly number[] | Tensor;

/** As a tensor [K]; throws `shape_mismatch` if there is not one number per class. */
export function perClass(name: string, values: PerClass, classes: number): Tensor {
  const size = 'shape' in values ? values.size : values.length;
  if (size !== classes)
    throw new TaskloomError('shape_mismatch', `'${name}' needs one number per class.`, {
      name,
      expected: `[${classes}]`,
      got: `[${size}]`,
    });
  return 'shape' in values ? values : tensor1d([...values]);
}

/** Throws `bad_option` unless 0 ≤ value < 1. */
export function assertSmoothing(value: number): void {
  if (!(value >= 0 && value < 1))
    throw new TaskloomError('bad_option', "'labelSmoothing' is out of range.", {
      name: 'labelSmoothing',
      got: String(value),
      expected: 'a number in [0, 1)',
    });
}
