import { chosen, type GradientBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
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
 * Every g is a combination Σ cₖgₖ, so that g·gⱼ = (c G)ⱼ and the Gramian is all that is needed.
 * Promises no conflict for two tasks only. Cost F + T·B, and O(T³).
 */
export function pcgrad({ reduction = 'sum', permutations }: PcgradOptions = {}): GradientBalancer<null> {
  const mean = chosen('reduction', reduction, { sum: false, mean: true });
  return statelessBalancer('pcgrad', (gramian, present) => {
    const { count } = present;
    const orders = taskOrders('pcgrad', permutations, present);
    const weights = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const c = new Float64Array(count);
      c[i] = 1;
      for (const j of orders[i]!) {
        const square = gramian[j * count + j]!;
        if (j === i || square <= 0) continue;
        let product = 0;
        for (let k = 0; k < count; k++) product += c[k]! * gramian[k * count + j]!;
        if (product < 0) c[j]! -= product / square;
      }
      for (let k = 0; k < count; k++) weights[k]! += c[k]!;
    }
    return mean ? weights.map((weight) => weight / count) : weights;
  });
}
