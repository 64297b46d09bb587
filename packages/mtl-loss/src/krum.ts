import { checkCounts, type GradientBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { root } from './unit-rows';
import { placed, ranked, sumOf } from './vectors';

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
  return statelessBalancer('krum', (gramian) => {
    const count = gramian.length;
    const neighbours = Math.max(1, count - byzantine - 2);
    const scores = Float64Array.from(gramian, (row, i) => {
      const distances = row.map((product, j) => root(row[i]! + gramian[j]![j]! - 2 * product));
      // The least is that to itself, 0.
      return sumOf(distances.sort().slice(1, 1 + neighbours));
    });
    const nearest = ranked(scores).slice(0, selected);
    return placed(
      count,
      nearest,
      nearest.map(() => 1 / nearest.length),
    );
  });
}
