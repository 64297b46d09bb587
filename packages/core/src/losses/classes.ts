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

/** What a score that must not count becomes: far below all others, and still finite. */
export const never = -1e30;

/** Throws `shape_mismatch` unless there is one class number for each row of logits. */
export function assertNumbers(logits: Tensor, target: Tensor): void {
  if (logits.shape.slice(0, -1).join() !== target.shape.join())
    throw new TaskloomError('shape_mismatch', 'Class numbers do not fit the logits.', {
      name: 'target',
      expected: `[${logits.shape.slice(0, -1)}]`,
      got: `[${target.shape}]`,
    });
}

/** Throws `bad_option` unless the option is a finite number ≥ `least` (or > `least`). */
export function assertAtLeast(name: string, value: number, least: number, strictly = false): void {
  if (!Number.isFinite(value) || value < least || (strictly && value === least))
    throw new TaskloomError('bad_option', `'${name}' is out of range.`, {
      name,
      got: String(value),
      expected: `a number ${strictly ? '>' : '≥'} ${least}`,
    });
}
