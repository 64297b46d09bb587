import type { LossWeighting } from '@taskloom/core';
import { type TaskValues, taskValues } from './task-values';

/** The weights given, by task name or in the order of the tasks; without any, 1 for each (the plain sum). Cost F + B. */
export function fixed(weights?: TaskValues): LossWeighting<null> {
  const weightOf = taskValues('weights', weights, undefined, undefined, 'weight_missing');
  return {
    kind: 'loss-weighting',
    name: 'fixed',
    needs: ['losses'],
    beforehand: true,
    init: () => null,
    weigh: (_, state, { tasks, present }) => ({
      weights: Float64Array.from(tasks, (task, i) => (present[i]! > 0 ? (weightOf(task, i) ?? 1) : 0)),
      state,
    }),
  };
}
