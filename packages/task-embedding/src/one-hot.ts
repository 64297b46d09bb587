import { cast, oneHot as oneHotOf, type Tensor } from '@tensorflow/tfjs-core';
import { assertTasks, type TaskVectors, tasksOf } from './task-vectors';

/** A row's task as a unit vector: ids int32 `[rows]` → float32 `[rows, tasks]`, nothing learned. Given `{ vectors }` (soft memberships) it returns them. */
export function oneHot(tasks: readonly string[]): TaskVectors {
  assertTasks(tasks);
  return {
    tasks,
    width: tasks.length,
    config: { module: 'oneHot', tasks },
    init: () => ({}),
    apply(_, input, context): Tensor {
      const given = tasksOf(input ?? context.tasks, tasks.length);
      return 'vectors' in given ? given.vectors : cast(oneHotOf(given.ids, tasks.length), 'float32');
    },
  };
}
