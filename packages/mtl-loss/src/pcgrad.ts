import { type GradientBalancer, TaskloomError } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';

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
 * Promises no conflict for two tasks only. Cost O(T³).
 */
export function pcgrad({ reduction = 'sum', permutations }: PcgradOptions = {}): GradientBalancer<null> {
  return statelessBalancer('pcgrad', (gramian, { count, indices, context }) => {
    const orders = permutations ? givenOrders(permutations, indices) : drawnOrders(context.uniform('pcgrad', count * count), count);
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
    return reduction === 'mean' ? weights.map((weight) => weight / count) : weights;
  });
}

/** Row i's order: the tasks sorted by its own draws. */
function drawnOrders(draws: Float64Array, count: number): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const own = draws.subarray(i * count, (i + 1) * count);
    return Array.from(own.keys()).sort((a, b) => own[a]! - own[b]! || a - b);
  });
}

/** The caller's orders, about all tasks, as orders of the present ones. */
function givenOrders(permutations: readonly (readonly number[])[], indices: readonly number[]): number[][] {
  return indices.map((i) => {
    const order = permutations[i];
    if (!order)
      throw new TaskloomError('shape_mismatch', `There is no permutation for task ${i}.`, {
        name: 'permutations',
        expected: i + 1,
        got: permutations.length,
      });
    return order.map((j) => indices.indexOf(j)).filter((j) => j >= 0);
  });
}
