import type { BalancingContext } from '@taskloom/core';
import { byPresence, weighPresent } from './present-tasks';
import { shares } from './simplex';
import { filled, picked, sumOf } from './vectors';

/** Simplex weights that go on from step to step. */
export interface CarriedWeights {
  readonly lambda: Float64Array;
}

export function equalWeights({ length }: readonly string[]): CarriedWeights {
  return { lambda: filled(length, 1 / Math.max(1, length)) };
}

/**
 * The weights after a step that sees the present tasks only: `rule` gets theirs, with sum 1, and returns new ones. An absent task keeps what it has and has no part in the
 * step; n of T present tasks keep n/T of the whole, so that nobody loses by being away.
 */
export function stepWeights(
  { lambda }: CarriedWeights,
  context: BalancingContext,
  rule: (weights: Float64Array, places: readonly number[]) => Float64Array,
): { weights: Float64Array; state: CarriedWeights } {
  const { present } = context;
  const weights = weighPresent(context, (_, places) => {
    const own = picked(lambda, places);
    return rule(own.some((value) => value > 0) ? shares(own) : own.fill(1 / places.length), places);
  });
  return { weights, state: { lambda: byPresence(present, (i) => (weights[i]! * sumOf(present)) / present.length, lambda) } };
}
