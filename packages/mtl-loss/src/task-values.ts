import { TaskloomError } from '@taskloom/core';

/** One number a task: by name, or in the order of the tasks. */
export type TaskValues = { readonly [task: string]: number } | ArrayLike<number>;

/** What is wanted of a number, besides that it is finite. */
export interface Wanted {
  readonly code?: string;
  readonly expected?: string;
  holds?(value: number): boolean;
}

/** The number of the i-th task; throws where there is none, or one that is not wanted. */
export function taskValue(
  values: TaskValues,
  task: string,
  i: number,
  what: string,
  { code = 'bad_option', expected = 'a finite number', holds = Number.isFinite }: Wanted = {},
): number {
  const list = Array.isArray(values) || ArrayBuffer.isView(values);
  const value = (values as Record<string, number>)[list ? i : task];
  if (Number.isFinite(value) && holds(value!)) return value!;
  throw new TaskloomError(code, `There is no ${what} for task '${task}'.`, { name: task, got: value, expected });
}
