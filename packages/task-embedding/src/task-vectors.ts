import type { Module, TaskInput } from '@taskloom/core';
import { TaskloomError } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * What says which task a row is for: the `tasks` of the pass (`run(…, { tasks })`), or its own input, → `[rows, width]`.
 * Ids are positions in `tasks`, int32, 0-based. They are data: one trace serves every task.
 */
export interface TaskVectors extends Module<TaskInput | undefined, Tensor> {
  readonly tasks: readonly string[];
  readonly width: number;
}

/** Ids of task names, one a row, for `tasks: { ids: tensor1d(ids, 'int32') }`. Throws `unknown_task`. */
export function taskIds({ tasks }: Pick<TaskVectors, 'tasks'>, names: readonly string[]): Int32Array {
  return Int32Array.from(names, (name) => {
    const id = tasks.indexOf(name);
    if (id >= 0) return id;
    throw new TaskloomError('unknown_task', `There is no task '${name}'.`, { name, expected: `one of ${tasks.join(', ')}` });
  });
}

/** Throws unless task names are there, different and fit to be keys of parameters. */
export function assertTasks(tasks: readonly string[]): void {
  if (tasks.length === 0) throw new TaskloomError('bad_option', 'A task embedding needs tasks.', { name: 'tasks', got: tasks.length });
  tasks.forEach((name, i) => {
    if (name === '' || name.includes('/') || name === '__proto__')
      throw new TaskloomError('bad_name', `'${name}' cannot name a task.`, { name, remedy: "Names are not empty and hold no '/'." });
    if (tasks.indexOf(name) !== i) throw new TaskloomError('task_exists', `The task '${name}' is given twice.`, { name });
  });
}

/** The rows' tasks; throws `tasks_missing` if the pass has none, `shape_mismatch` if vectors have another width. */
export function tasksOf(input: TaskInput | undefined, width: number): TaskInput {
  if (!input)
    throw new TaskloomError('tasks_missing', 'The pass does not say which tasks its rows are for.', {
      name: 'tasks',
      remedy: 'Pass { tasks: { ids } } or { tasks: { vectors } } to run().',
    });
  if ('vectors' in input && input.vectors.shape.at(-1) !== width)
    throw new TaskloomError('shape_mismatch', 'The task vectors have another width.', {
      name: 'vectors',
      expected: `[rows, ${width}]`,
      got: input.vectors.shape,
    });
  return input;
}
