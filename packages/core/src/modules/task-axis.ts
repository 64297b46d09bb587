import { reshape, type Tensor } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';

/*
 * The leading task axis. A module's parameters may be stacked, `[tasks, …]`, and its inputs with them: then
 * apply(stack(pᵢ), stack(xᵢ)) = stack(apply(pᵢ, xᵢ)). A module knows the rank of its own parameters, so that every axis before is a task axis.
 */

/** The axes before the last `own`: the task axes of a parameter whose own rank is `own`. */
export function leading(parameter: Tensor, own: number): number[] {
  return parameter.shape.slice(0, parameter.rank - own);
}

/** A parameter `[tasks…, own…]` as `[tasks…, 1…, own…]` of rank `rank`, so that it broadcasts over the rows of each task. */
export function perRow(parameter: Tensor, own: number, rank: number): Tensor {
  const tasks = leading(parameter, own);
  if (tasks.length === 0 || parameter.rank === rank) return parameter;
  return reshape(parameter, [...tasks, ...new Array<number>(rank - parameter.rank).fill(1), ...parameter.shape.slice(tasks.length)]);
}

/** Throws unless `x` begins with the task axes of the parameters and ends with `last`. */
export function assertRows(x: Tensor, tasks: readonly number[], last: readonly number[], name: string): void {
  const fits =
    x.rank >= tasks.length + last.length &&
    tasks.every((size, axis) => x.shape[axis] === size) &&
    last.every((size, axis) => x.shape[x.rank - last.length + axis] === size);
  if (fits) return;
  throw new TaskloomError('shape_mismatch', `'${name}' has the wrong shape.`, {
    name,
    expected: `[${[...tasks, '…', ...last].join(', ')}]`,
    got: `[${x.shape.join(', ')}]`,
    remedy: tasks.length > 0 ? 'Stacked parameters take inputs stacked the same way.' : undefined,
  });
}

/** The product of sizes. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}
