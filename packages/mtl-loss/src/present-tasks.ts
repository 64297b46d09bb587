import { assertShape, type BalancingContext, hostRowsOf, TaskloomError } from '@taskloom/core';
import { block, type Matrix } from './matrix';
import { softmaxOf } from './simplex';
import { filled, picked, placed } from './vectors';

/** What a rule gets of a step as it looks without the absent tasks: a context about the present ones only, and where each of them stands among all. */
export type Present = readonly [context: BalancingContext, places: readonly number[]];

export function placesOf(present: BalancingContext['present']): number[] {
  return [...present.keys()].filter((i) => present[i]! > 0);
}

/** One number a task: for a present one what `value` says, for an absent one what it has in `kept`, or 0. */
export function byPresence(present: BalancingContext['present'], value: (i: number) => number, kept?: Float64Array): Float64Array {
  return present.map((here, i) => (here > 0 ? value(i) : (kept?.[i] ?? 0)));
}

/**
 * Weights of all tasks from a rule about the present ones: an absent task gets 0, and the others what they would get if it did not exist.
 * With nobody present all weights are 0.
 */
export function weighPresent(context: BalancingContext, rule: (...present: Present) => ArrayLike<number>): Float64Array {
  const places = placesOf(context.present);
  const { length } = places;
  if (length === 0) return context.present.map(() => 0);
  const own = {
    ...context,
    tasks: places.map((i) => context.tasks[i]!),
    present: filled(length, 1),
    losses: picked(context.losses, places),
  };
  return placed(context.present.length, places, rule(own, places));
}

/** The softmax of one number a present task, times `whole`; 0 for absent tasks. */
export function softmaxOfPresent(context: BalancingContext, logit: (i: number) => number, whole?: number): Float64Array {
  return weighPresent(context, (_, places) => softmaxOf(places.map(logit), whole));
}

/** Weights of all tasks from a rule about the present ones and their Gramian, the rows and columns that are theirs. Throws `not_finite` with the name of the task whose gradient has gone wrong. */
export function weighGramian(
  gramian: Float64Array,
  context: BalancingContext,
  rule: (gramian: Matrix, ...present: Present) => ArrayLike<number>,
): Float64Array {
  const count = context.present.length;
  assertShape([gramian.length], [count * count], 'gramian');
  return weighPresent(context, (own, places) => {
    const products = block(hostRowsOf(gramian, count), places);
    for (const [i, row] of products.entries()) {
      const j = row.findIndex((product) => !Number.isFinite(product));
      if (j < 0) continue;
      // Of the two gradients it is that whose own square has gone wrong.
      const name = own.tasks[Number.isFinite(row[i]) ? j : i]!;
      throw new TaskloomError('not_finite', `The gradient of task '${name}' is not finite.`, {
        name,
        got: row[j],
        remedy: 'Usual causes: log(0), 0/0, a high learning rate.',
      });
    }
    return rule(products, own, places);
  });
}
