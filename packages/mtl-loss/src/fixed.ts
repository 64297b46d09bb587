import type { LossWeighting } from '@taskloom/core';
import { type TaskValues, taskValue } from './task-values';

/** The weights given, by task name or in the order of the tasks; without any, 1 for each (the plain sum). */
export function fixed(weights?: TaskValues): LossWeighting<null> {
  return {
    kind: 'loss-weighting',
    name: 'fixed',
    needs: ['losses'],
    beforehand: true,
    init: () => null,
    weigh: (_, state, { tasks, present }) => ({
      weights: Float64Array.from(tasks, (task, i) => {
        if (!(present[i]! > 0)) return 0;
        return weights === undefined ? 1 : taskValue(weights, task, i, 'weight', { code: 'weight_missing' });
      }),
      state,
    }),
  };
}
