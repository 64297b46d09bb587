import type { BalancingContext } from '@taskloom/core';
import { presentOnes } from './present-tasks';

/** Simplex weights that go on from step to step. */
export interface CarriedWeights {
  readonly lambda: Float64Array;
}

export function equalWeights(tasks: readonly string[]): CarriedWeights {
  return { lambda: new Float64Array(tasks.length).fill(1 / Math.max(1, tasks.length)) };
}

/**
 * The weights after a step that sees the present tasks only: `rule` gets theirs, with sum 1, and returns new ones. An absent task keeps what it has and has no part in the
 * step; n of T present tasks keep n/T of the whole, so that nobody loses by being away.
 */
export function stepWeights(
  { lambda }: CarriedWeights,
  { present }: BalancingContext,
  rule: (weights: Float64Array, indices: readonly number[]) => Float64Array,
): { weights: Float64Array; state: CarriedWeights } {
  const indices = presentOnes(present);
  const weights = new Float64Array(present.length);
  if (indices.length === 0) return { weights, state: { lambda } };
  const total = indices.reduce((sum, i) => sum + lambda[i]!, 0);
  const own = Float64Array.from(indices, (i) => (total > 0 ? lambda[i]! / total : 1 / indices.length));
  const next = rule(own, indices);
  const kept = lambda.slice();
  for (const [k, i] of indices.entries()) {
    weights[i] = next[k]!;
    kept[i] = (next[k]! * indices.length) / present.length;
  }
  return { weights, state: { lambda: kept } };
}
