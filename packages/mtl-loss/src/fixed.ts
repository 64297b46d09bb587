import type { LossWeighting } from '@taskloom/core';
import { byPresence } from './present-tasks';
import { type TaskValues, taskValues } from './task-values';

/** The weights given, by task name or in the order of the tasks; without any, 1 for each (the plain sum). Cost F + B. */
export function fixed(weights?: TaskValues): LossWeighting<null> {
  const weightsOf = taskValues('weights', weights, undefined, undefined, 'weight_missing');
  return {
    kind: 'loss-weighting',
    name: 'fixed',
    needs: ['losses'],
    beforehand: true,
    init: () => null,
    weigh: (_, state, { tasks, present }) => {
      const weightOf = (i: number) => weightsOf({ tasks: [tasks[i]!] }, 1, [i])[0]!;
      return { weights: byPresence(present, weightOf), state };
    },
  };
}
