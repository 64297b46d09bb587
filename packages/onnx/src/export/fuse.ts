import type { Graph } from '../graph/graph';
import { splatOf, type Value } from '../graph/value';
import { producedBy } from '../passes/rewrite';

/**
 * Forms that inference engines run as one operator: the scale and offset after a layer normalisation become its own, and x·Φ(x) is written as they know
 * it. Undefined where a node stays as it is.
 */
export function fuse(graph: Graph, op: string, [a, b]: readonly (Value | undefined)[]): Value | undefined {
  if (!a || !b) return undefined;
  if (op === 'Mul') return scaledNorm(graph, a, b) ?? scaledNorm(graph, b, a) ?? gelu(graph, a, b) ?? gelu(graph, b, a);
  if (op === 'Add') return offsetNorm(graph, a, b) ?? offsetNorm(graph, b, a);
  return undefined;
}

function scaledNorm(graph: Graph, norm: Value, scale: Value): Value | undefined {
  const node = producedBy(norm, 'LayerNormalization');
  if (!node || node.outputs[0] !== norm || node.inputs.length > 2 || splatOf(node.inputs[1]!) !== 1 || !isVector(scale, norm))
    return undefined;
  return graph.node(node.op, [node.inputs[0], asVector(graph, scale)], node.outputs, node.attributes)[0];
}

function offsetNorm(graph: Graph, norm: Value, offset: Value): Value | undefined {
  const node = producedBy(norm, 'LayerNormalization');
  if (!node || node.outputs[0] !== norm || node.inputs.length > 2 || !isVector(offset, norm)) return undefined;
  return graph.node(node.op, [...node.inputs, asVector(graph, offset)], node.outputs, node.attributes)[0];
}

/** Whether a value is a stored number for each element of the last axis. */
function isVector({ constant, shape }: Value, norm: Value): boolean {
  return (
    constant !== undefined && shape.at(-1) === norm.shape.at(-1) && shape.every((size, axis) => size === 1 || axis === shape.length - 1)
  );
}

function asVector(graph: Graph, value: Value): Value {
  return graph.reshape(value, [value.shape.at(-1)!]);
}

/** x·(½(erf(x/√2) + 1)) as ½(x·(erf(x/√2) + 1)). */
function gelu(graph: Graph, x: Value, cumulative: Value): Value | undefined {
  const half = producedBy(cumulative, 'Mul');
  if (!half || splatOf(half.inputs[1]!) !== 0.5) return undefined;
  const sum = producedBy(half.inputs[0], 'Add');
  const erf = producedBy(sum?.inputs[0], 'Erf');
  const inner = producedBy(erf?.inputs[0], 'Mul');
  if (!inner || inner.inputs[0] !== x || splatOf(inner.inputs[1]!) !== Math.fround(Math.SQRT1_2) || splatOf(sum!.inputs[1]!) !== 1)
    return undefined;
  const scaled = graph.binary('Div', x, graph.splat(Math.fround(Math.SQRT2)));
  const product = graph.binary('Mul', x, graph.binary('Add', graph.unary('Erf', scaled), graph.splat(1)));
  return graph.binary('Mul', product, graph.splat(0.5));
}
