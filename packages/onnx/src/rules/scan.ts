import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { number } from './numeric';
import { axesOf, type KernelRules } from './rule';

/** x moved by `steps` along an axis, towards its end or, in reverse, its start; ones come in. */
function shifted(graph: Graph, x: Value, axis: number, steps: number, reverse: boolean): Value {
  const size = x.shape[axis]!;
  const ones = graph.splat(
    1,
    x.shape.map((length, a) => (a === axis ? steps : length)),
    x.dtype,
  );
  const rest = reverse ? graph.slice(x, [steps], [size], [axis]) : graph.slice(x, [0], [size - steps], [axis]);
  return graph.concat(reverse ? [rest, ones] : [ones, rest], axis);
}

export const scanRules: KernelRules = {
  Cumsum: (graph, { x }, { axis, exclusive, reverse }) => {
    const value = number(graph, x!);
    const [along] = axesOf(axis, value.shape.length) as [number];
    return graph.op('CumSum', [value, graph.splat(along, [], 'int32')], value, { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 });
  },
  // ONNX has no such operator: log₂ n rounds, after each of which an element is the product of twice as many before it (Hillis & Steele 1986).
  Cumprod: (graph, { x }, { axis, exclusive, reverse }) => {
    const value = number(graph, x!);
    const [along] = axesOf(axis, value.shape.length) as [number];
    const size = value.shape[along]!;
    if (size === 0) return value;
    let product = exclusive ? shifted(graph, value, along, 1, reverse === true) : value;
    for (let steps = 1; steps < size; steps *= 2)
      product = graph.binary('Mul', product, shifted(graph, product, along, steps, reverse === true));
    return product;
  },
};
