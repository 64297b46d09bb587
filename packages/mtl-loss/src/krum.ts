import { checkCounts, type GradientBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';

export interface KrumOptions {
  /** How many tasks may have a gradient that is arbitrarily wrong. Default 1. */
  readonly byzantine?: number;
  /** How many gradients are averaged. Default 1: Krum; more: Multi-Krum. */
  readonly selected?: number;
}

/**
 * Krum and Multi-Krum (P. Blanchard et al. 2017, arXiv 1703.02757): the mean of the `selected` gradients that are nearest to their T − byzantine − 2 nearest
 * neighbours (the sum of distances). A robust aggregation from federated learning, against gradients that are wrong rather than in conflict: outliers have weight 0.
 *
 * Meant for T ≥ byzantine + 3; with fewer tasks present one neighbour counts, and no more are selected than there are. Of equal scores the task that comes first
 * is taken. Cost F + T·B.
 */
export function krum({ byzantine = 1, selected = 1 }: KrumOptions = {}): GradientBalancer<null> {
  checkCounts({ byzantine }, 0);
  checkCounts({ selected }, 1);
  return statelessBalancer('krum', (gramian, { count }) => {
    const neighbours = Math.max(1, count - byzantine - 2);
    const chosen = Math.min(selected, count);
    const scores = Array.from({ length: count }, (_, i) => {
      const distances = Float64Array.from({ length: count }, (_, j) => distance(gramian, count, i, j));
      // The least is that to itself, 0.
      return distances
        .sort()
        .subarray(1, 1 + neighbours)
        .reduce((a, b) => a + b, 0);
    });
    const order = [...scores.keys()].sort((i, j) => scores[i]! - scores[j]! || i - j);
    const weights = new Float64Array(count);
    for (const i of order.slice(0, chosen)) weights[i] = 1 / chosen;
    return weights;
  });
}

function distance(gramian: Float64Array, count: number, i: number, j: number): number {
  return Math.sqrt(Math.max(0, gramian[i * count + i]! + gramian[j * count + j]! - 2 * gramian[i * count + j]!));
}
