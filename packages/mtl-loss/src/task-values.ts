import { TaskloomError } from '@taskloom/core';

/** One number a task: by name, or in the order of the tasks. */
export type TaskValues = { readonly [task: string]: number } | ArrayLike<number>;

/** The number of the i-th task; throws `code` where there is none. */
export function taskValue(values: TaskValues, task: string, i: number, code: string, what: string): number {
  const value = (values as Record<string, number>)[isList(values) ? i : task];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TaskloomError(code, `There is no ${what} for task '${task}'.`, { name: task, got: value, expected: 'a finite number' });
}

function isList(values: object): values is ArrayLike<number> {
  return Array.isArray(values) || ArrayBuffer.isView(values);
}
