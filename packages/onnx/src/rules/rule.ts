import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

/** What a kernel of TensorFlow.js becomes: values of the graph out of the values of its inputs, with the same shapes, types and numbers. */
export type KernelRule = (graph: Graph, inputs: Inputs, attributes: KernelAttributes) => Value | readonly Value[];
export type KernelRules = { readonly [kernel: string]: KernelRule };
export type Inputs = { readonly [name: string]: Value };
/** A kernel's attributes, as the op that calls it gives them. */
export type KernelAttributes = { readonly [name: string]: unknown };

/** Axes as non-negative numbers in rising order; none given means all. */
export function axesOf(axis: unknown, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, i) => i);
  return [axis as number | readonly number[]]
    .flat()
    .map((a) => (a < 0 ? a + rank : a))
    .sort((a, b) => a - b);
}
