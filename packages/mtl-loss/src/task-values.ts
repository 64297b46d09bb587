import { type BalancingContext, checkNumbers, checkOption, TaskloomError } from '@taskloom/core';
import { filled } from './vectors';

/** One number a task: by name, or in the order of the tasks. */
export type TaskValues = { readonly [task: string]: number } | ArrayLike<number>;

/**
 * The numbers of tasks, by their names or their places among all (default: as they come); `otherwise` for each where no values are given. Throws `bad_option` at once for what are no
 * finite numbers from `least` to `most`, and `missing` when it is asked for a task that has none.
 */
export function taskValues(
  option: string,
  values: TaskValues | undefined,
  least?: number,
  most?: number,
  missing = 'bad_option',
): (context: Pick<BalancingContext, 'tasks'>, otherwise?: number, places?: readonly number[]) => Float64Array {
  if (values === undefined) return ({ tasks }, otherwise) => filled(tasks.length, otherwise);
  checkOption(typeof values === 'object' && values !== null, option, values, 'a number a task');
  for (const value of Object.values(values)) checkNumbers({ [option]: value ?? Number.NaN }, least, most);
  const list = Array.isArray(values) || ArrayBuffer.isView(values);
  return ({ tasks }, _, places) =>
    Float64Array.from(tasks, (task, i) => {
      const value = (values as Record<string, number>)[list ? (places?.[i] ?? i) : task];
      if (typeof value === 'number') return value;
      throw new TaskloomError(missing, `'${option}' has no number for task '${task}'.`, { name: task });
    });
}
