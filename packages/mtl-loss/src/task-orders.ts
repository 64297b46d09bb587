import { assertShape, type BalancingContext, hostRowsOf } from '@taskloom/core';
import { ranked } from './vectors';

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
  const { length } = indices;
  // Row i's order: the tasks sorted by its own draws.
  if (!permutations) return hostRowsOf(context.uniform(method, length * length), length).map(ranked);
  const known = indices.filter((i) => permutations[i]);
  assertShape([known.length], [length], 'permutations', 'Give one for each task.');
  return indices.map((i) => permutations[i]!.map((j) => indices.indexOf(j)).filter((j) => j >= 0));
}
