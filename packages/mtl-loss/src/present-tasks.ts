import { assertShape, type BalancingContext, TaskloomError } from '@taskloom/core';
import { submatrix } from './products';

/** The step as it looks without the absent tasks. */
export interface PresentTasks {
  readonly count: number;
  /** Where each present task stands among all. */
  readonly indices: readonly number[];
  /** Only about the present tasks. */
  readonly context: BalancingContext;
}

export function presentOnes(present: BalancingContext['present']): number[] {
  return [...present.keys()].filter((i) => present[i]! > 0);
}

/**
 * Weights of all tasks from a rule about the present ones: an absent task gets 0, and the others what they would get if it did not exist.
 * With nobody present all weights are 0.
 */
export function weighPresent(context: BalancingContext, rule: (present: PresentTasks) => ArrayLike<number>): Float64Array {
  const indices = presentOnes(context.present);
  const weights = new Float64Array(context.present.length);
  if (indices.length === 0) return weights;
  const chosen = rule({
    count: indices.length,
    indices,
    context: {
      ...context,
      tasks: indices.map((i) => context.tasks[i]!),
      present: new Float64Array(indices.length).fill(1),
      losses: Float64Array.from(indices, (i) => context.losses[i]!),
    },
  });
  for (const [k, i] of indices.entries()) weights[i] = chosen[k]!;
  return weights;
}

/** The same from a rule about their Gramian too (row-major, finite). */
export function weighGramian(
  gramian: Float64Array,
  context: BalancingContext,
  rule: (gramian: Float64Array, present: PresentTasks) => ArrayLike<number>,
): Float64Array {
  return weighPresent(context, (present) => rule(presentGramian(gramian, context.present.length, present), present));
}

/** The rows and columns of the present tasks. Throws `not_finite` with the name of the task whose gradient has gone wrong. */
function presentGramian(gramian: Float64Array, tasks: number, { count, indices, context }: PresentTasks): Float64Array {
  assertShape([gramian.length], [tasks * tasks], 'gramian');
  const products = submatrix(gramian, tasks, indices);
  const at = products.findIndex((product) => !Number.isFinite(product));
  if (at < 0) return products;
  // Of the two gradients it is that whose own square has gone wrong.
  const [i, j] = [Math.floor(at / count), at % count];
  const name = context.tasks[Number.isFinite(products[i * (count + 1)]!) ? j : i]!;
  throw new TaskloomError('not_finite', `The gradient of task '${name}' is not finite.`, {
    name,
    got: products[at],
    remedy: 'Usual causes: a logarithm of 0, a division by 0, too high a learning rate.',
  });
}
