import type { Graph, Result } from '../graph/graph';
import type { Attributes, Value } from '../graph/value';

/** The version of ONNX's operators that files are written in where they can be: what ONNX 1.12 and later, and all current runtimes, read. */
export const portable = { opset: 17, irVersion: 8 } as const;
/** For functions with operators that came later. */
export const recent = { opset: 20, irVersion: 9 } as const;

/** Operators that opset 17 has not, and that cannot be written with others there. */
const later = new Set(['BitwiseAnd', 'BitwiseOr', 'BitwiseXor', 'BitwiseNot', 'Mish', 'GroupNormalization', 'CenterCropPad', 'Col2Im']);
/** Reductions whose axes became an input in opset 18. */
const reductions = new Set([
  'ReduceMax',
  'ReduceMin',
  'ReduceMean',
  'ReduceProd',
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSum',
  'ReduceLogSumExp',
  'ReduceSumSquare',
]);

export function needsLater(op: string): boolean {
  return later.has(op);
}

/** A node of opset 20 in the operators of opset 17. */
export function inOpset17(
  graph: Graph,
  op: string,
  inputs: readonly (Value | undefined)[],
  results: readonly Result[],
  attributes: Attributes,
): readonly Value[] {
  const [x, axes] = inputs;
  if (reductions.has(op) && axes?.constant?.kind === 'array')
    return graph.node(op, [x], results, { ...attributes, axes: Array.from(axes.constant.data) });
  if (op === 'Split') return graph.node(op, inputs, results, { ...attributes, num_outputs: undefined });
  if (op === 'Gelu') return [gelu(graph, x!, attributes.approximate === 'tanh')];
  return graph.node(op, inputs, results, attributes);
}

/** x·Φ(x), or its form with tanh. */
function gelu(graph: Graph, x: Value, approximate: boolean): Value {
  const number = (value: number) => graph.splat(Math.fround(value));
  const times = (a: Value, b: Value) => graph.binary('Mul', a, b);
  const plus = (a: Value, b: Value) => graph.binary('Add', a, b);
  const inner = approximate
    ? graph.unary('Tanh', times(times(x, plus(times(times(x, x), number(0.044715)), number(1))), number(Math.sqrt(2 / Math.PI))))
    : graph.unary('Erf', times(x, number(Math.SQRT1_2)));
  return times(times(x, plus(inner, number(1))), number(0.5));
}
