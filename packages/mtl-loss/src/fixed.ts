import { type LossWeighting, TaskloomError } from '@taskloom/core';

/** The weights given, by task name or in the order of the tasks; without any, 1 for each (the plain sum). */
export function fixed(weights?: { readonly [task: string]: number } | ArrayLike<number>): LossWeighting<null> {
  const weightOf = (task: string, i: number): number => {
    const weight = weights === undefined ? 1 : (weights as Record<string, number>)[isList(weights) ? i : task];
    if (typeof weight === 'number' && Number.isFinite(weight)) return weight;
    throw new TaskloomError('weight_missing', `There is no weight for task '${task}'.`, {
      name: task,
      got: weight,
      expected: 'a finite number',
    });
  };
  return {
    kind: 'loss-weighting',
    name: 'fixed',
    needs: ['losses'],
    init: () => null,
    weigh: (_, state, { tasks, present }) => ({
      weights: Float64Array.from(tasks, (task, i) => (present[i]! > 0 ? weightOf(task, i) : 0)),
      state,
    }),
  };
}

function isList(weights: object): weights is ArrayLike<number> {
  return Array.isArray(weights) || ArrayBuffer.isView(weights);
}
