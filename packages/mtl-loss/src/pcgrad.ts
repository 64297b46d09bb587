import { chosen, type GradientBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { surgery } from './surgery';
import { taskOrders } from './task-orders';

export interface PcgradOptions {
  /** `sum` (default, the paper's) or `mean` of the projected gradients. */
  readonly reduction?: 'sum' | 'mean';
  /** `permutations[i]`: the order in which row i meets the tasks (its own index is passed over). Default: drawn anew each step. */
  readonly permutations?: readonly (readonly number[])[];
}

/**
 * PCGrad, gradient surgery (T. Yu et al. 2020, arXiv 2001.06782): each gᵢ meets the other tasks in random order, and where it conflicts with
 * gⱼ (g·gⱼ < 0) loses its part along gⱼ: g ← g − (g·gⱼ / ‖gⱼ‖²) gⱼ. The update is the sum of what remains.
 * Promises no conflict for two tasks only. Cost F + T·B, and O(T³).
 */
export function pcgrad({ reduction = 'sum', permutations }: PcgradOptions = {}): GradientBalancer<null> {
  const mean = chosen('reduction', reduction, { sum: false, mean: true });
  return statelessBalancer('pcgrad', (gramian, context, places) => {
    const weights = surgery(gramian, taskOrders('pcgrad', permutations, context, places), () => 0);
    return mean ? weights.map((weight) => weight / weights.length) : weights;
  });
}
