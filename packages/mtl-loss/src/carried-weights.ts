import type { BalancingContext } from '@taskloom/core';
import { weighPresent } from './present-tasks';
import { shares } from './simplex';

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
  context: BalancingContext,
  rule: (weights: Float64Array, indices: readonly number[]) => Float64Array,
): { weights: Float64Array; state: CarriedWeights } {
  const { present } = context;
  let part = 0;
  const weights = weighPresent(context, ({ count, indices }) => {
    part = count / present.length;
    const own = Float64Array.from(indices, (i) => lambda[i]!);
    return rule(own.some((value) => value > 0) ? shares(own) : own.fill(1 / count), indices);
  });
  return { weights, state: { lambda: lambda.map((kept, i) => (present[i]! > 0 ? weights[i]! * part : kept)) } };
}
