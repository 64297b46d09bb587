import { checkNumbers, checkOption, TaskloomError } from '@taskloom/core';

/** One number a task: by name, or in the order of the tasks. */
export type TaskValues = { readonly [task: string]: number } | ArrayLike<number>;

/**
 * The number of a task, by its name or its place; nothing where no values are given. Throws `bad_option` at once for what are no finite numbers from `least` to `most`, and
 * `missing` when it is asked for a task that has none.
 */
export function taskValues(
  option: string,
  values: TaskValues | undefined,
  least?: number,
  most?: number,
  missing = 'bad_option',
): (task: string, i: number) => number | undefined {
  if (values === undefined) return () => undefined;
  checkOption(typeof values === 'object' && values !== null, option, values, 'a number a task');
  for (const value of Object.values(values)) checkNumbers({ [option]: value ?? Number.NaN }, least, most);
  const list = Array.isArray(values) || ArrayBuffer.isView(values);
  return (task, i) => {
    const value = (values as Record<string, number>)[list ? i : task];
    if (typeof value === 'number') return value;
    throw new TaskloomError(missing, `'${option}' has no number for task '${task}'.`, { name: task });
  };
}
