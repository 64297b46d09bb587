import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { KernelRule, KernelRules } from './rule';

const unary =
  (op: string): KernelRule =>
  (graph, { x }) =>
    graph.unary(op, x!);

const binary =
  (op: string): KernelRule =>
  (graph, { a, b }) =>
    graph.binary(op, ...promoted(graph, a!, b!));

const comparison =
  (op: string): KernelRule =>
  (graph, { a, b }) =>
    graph.binary(op, ...promoted(graph, a!, b!), 'bool');

/** tfjs makes both sides of an op of one type before it calls the kernel; booleans still have to become numbers. */
function promoted(graph: Graph, a: Value, b: Value): [Value, Value] {
  if (a.dtype === b.dtype && a.dtype !== 'bool') return [a, b];
  const dtype = a.dtype === 'float32' || b.dtype === 'float32' ? 'float32' : 'int32';
  return [graph.cast(a, dtype), graph.cast(b, dtype)];
}

export const elementwiseRules: KernelRules = {
  Abs: unary('Abs'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Neg: unary('Neg'),
  Relu: unary('Relu'),
  Sigmoid: unary('Sigmoid'),
  Sqrt: unary('Sqrt'),
  Tanh: unary('Tanh'),
  Erf: unary('Erf'),
  Softplus: unary('Softplus'),
  Square: (graph, { x }) => graph.binary('Mul', x!, x!),
  Rsqrt: (graph, { x }) => graph.unary('Reciprocal', graph.unary('Sqrt', x!)),
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  SquaredDifference: (graph, { a, b }) => {
    const difference = graph.binary('Sub', ...promoted(graph, a!, b!));
    return graph.binary('Mul', difference, difference);
  },
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  Equal: comparison('Equal'),
  NotEqual: (graph, { a, b }) => {
    const equal = graph.binary('Equal', ...promoted(graph, a!, b!), 'bool');
    return graph.op('Not', [equal], equal);
  },
  LogicalAnd: (graph, { a, b }) => graph.binary('And', a!, b!),
  LogicalOr: (graph, { a, b }) => graph.binary('Or', a!, b!),
  LogicalNot: (graph, { x }) => graph.op('Not', [x!], x!),
  Select: (graph, { condition, t, e }) => {
    const rank = t!.shape.length;
    const given = condition!;
    // A vector of conditions chooses whole slices.
    const shape = given.shape.length === 1 && rank > 1 ? [given.shape[0]!, ...Array<number>(rank - 1).fill(1)] : given.shape;
    return graph.where(graph.reshape(given, shape), t!, e!);
  },
};
