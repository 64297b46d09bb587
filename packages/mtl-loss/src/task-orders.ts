import { assertShape, type BalancingContext } from '@taskloom/core';

/**
 * The order in which each present task meets the present tasks (its own place is left in): as `permutations` about all tasks has it, or drawn anew each step by the
 * method's name.
 */
export function taskOrders(
  method: string,
  permutations: readonly (readonly number[])[] | undefined,
  context: BalancingContext,
  indices: readonly number[],
): number[][] {
  return permutations ? givenOrders(permutations, indices) : drawnOrders(context.uniform(method, indices.length ** 2), indices.length);
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
  const known = indices.filter((i) => permutations[i]);
  assertShape([known.length], [indices.length], 'permutations', 'Give one for each task.');
  return indices.map((i) => permutations[i]!.map((j) => indices.indexOf(j)).filter((j) => j >= 0));
}
