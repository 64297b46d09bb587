import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { activated } from './activation';
import { promoted } from './numeric';
import type { KernelRule, KernelRules } from './rule';

/** The last two axes exchanged. */
export function swapped(graph: Graph, x: Value): Value {
  const rank = x.shape.length;
  return graph.transpose(x, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]);
}

const product: KernelRule = (graph, { a, b }, { transposeA, transposeB }) =>
  graph.matMul(transposeA ? swapped(graph, a!) : a!, transposeB ? swapped(graph, b!) : b!);

export const matmulRules: KernelRules = {
  BatchMatMul: product,
  _FusedMatMul: (graph, { a, b, bias, preluActivationWeights }, attributes) => {
    const plain = product(graph, { a: a!, b: b! }, attributes) as Value;
    const shifted = bias ? graph.binary('Add', ...promoted(graph, plain, bias)) : plain;
    return activated(graph, shifted, attributes.activation, preluActivationWeights, attributes.leakyreluAlpha);
  },
};
