import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { KernelRules } from './rule';

/** The last two axes exchanged. */
export function swapped(graph: Graph, x: Value): Value {
  const rank = x.shape.length;
  return graph.transpose(x, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]);
}

export const matmulRules: KernelRules = {
  BatchMatMul: (graph, { a, b }, { transposeA, transposeB }) =>
    graph.matMul(transposeA ? swapped(graph, a!) : a!, transposeB ? swapped(graph, b!) : b!),
};
