import type { GradientBalancer } from '@taskloom/core';
import { type PresentTasks, presentGramian, weighPresent } from './present-tasks';

/** A balancer without state from its rule: Gramian of the present tasks (row-major, finite) → their weights. */
export function statelessBalancer(
  name: string,
  rule: (gramian: Float64Array, present: PresentTasks) => ArrayLike<number>,
): GradientBalancer<null> {
  return {
    kind: 'gradient-balancer',
    name,
    needs: ['gramian'],
    init: () => null,
    weigh(gramian, state, context) {
      const tasks = context.present.length;
      return { weights: weighPresent(context, (present) => rule(presentGramian(gramian, tasks, present), present)), state };
    },
  };
}
