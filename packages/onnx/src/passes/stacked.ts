import type { Graph } from '../graph/graph';
import { type Node, sameShape, type Value } from '../graph/value';
import { axesIn } from './sums';

/** What equal operators read at one place: their values one upon the other along a new first axis, or the one value that all of them read. */
export interface Operand {
  readonly value: Value;
  readonly stacked: boolean;
}

/** `count` operators like `node` as one, its result along a new first axis; nothing where that is not known of the operator. At least one operand is stacked. */
export function stacked(graph: Graph, node: Node, operands: readonly (Operand | undefined)[], count: number): Value | undefined {
  const rule = node.domain === '' && node.outputs.length === 1 ? rules[node.op] : undefined;
  return rule?.({ graph, node, operands, count, shape: [count, ...node.outputs[0]!.shape] });
}

export function isStackable({ op, domain, outputs }: Node): boolean {
  return domain === '' && outputs.length === 1 && op in rules;
}

interface Stacking {
  readonly graph: Graph;
  readonly node: Node;
  readonly operands: readonly (Operand | undefined)[];
  readonly count: number;
  /** Of the result. */
  readonly shape: readonly number[];
}

type Rule = (stacking: Stacking) => Value | undefined;

/** With as many axes behind the first as the result has, so that it meets the others as its parts would. */
function aligned(graph: Graph, { value, stacked }: Operand, rank: number): Value {
  const missing = rank + 1 - value.shape.length;
  return stacked && missing > 0
    ? graph.reshape(value, [value.shape[0]!, ...Array<number>(missing).fill(1), ...value.shape.slice(1)])
    : value;
}

/** Only the first operand stacked. */
const firstOnly = (operands: readonly (Operand | undefined)[]): Value | undefined =>
  operands[0]!.stacked && !operands.slice(1).some((operand) => operand?.stacked) ? operands[0]!.value : undefined;

/** The first axis and the one behind it as one. */
const merged = (shape: readonly number[]): number[] => [shape[0]! * shape[1]!, ...shape.slice(2)];

const elementwise: Rule = ({ graph, node: { op, attributes, outputs }, operands, shape }) => {
  const { dtype, shape: own } = outputs[0]!;
  const given = operands.map((operand) => operand && aligned(graph, operand, own.length));
  const rows = own.length > 0 ? merged(shape) : [];
  // What a product is added to stays beside it: ONNX Runtime makes one operator of both.
  const before = given.map((value) => {
    const inner = value?.producer?.op === 'Reshape' ? value.producer.inputs[0]! : undefined;
    return inner && sameShape(inner.shape, rows) && sameShape(value!.shape, shape) ? inner : undefined;
  });
  const alone = operands.every((operand, i) => !operand?.stacked || before[i]);
  if (alone && operands.every((operand) => !operand || operand.stacked || operand.value.shape.length < own.length)) {
    const values = given.map((value, i) => before[i] ?? value);
    return graph.reshape(graph.op(op, values, { shape: rows, dtype }, attributes), shape);
  }
  return graph.op(op, given, { shape, dtype }, attributes);
};

const product: Rule = ({ graph, operands, shape }) => {
  const [a, b] = operands as [Operand, Operand];
  // Rows of a matrix are as well those of one longer matrix.
  if (a.stacked && !b.stacked && a.value.shape.length === 3 && b.value.shape.length === 2 && a.value.producer?.op !== 'Transpose')
    return graph.reshape(graph.matMul(graph.reshape(a.value, merged(a.value.shape)), b.value), shape);
  const rank = shape.length - 1;
  return graph.matMul(aligned(graph, a, rank), aligned(graph, b, rank));
};

const transposed: Rule = ({ graph, node, operands, shape }) => {
  const perm = node.attributes.perm as readonly number[];
  const { value } = operands[0]!;
  return perm[0] === 0
    ? graph.reshape(graph.transpose(graph.reshape(value, merged(value.shape)), perm), shape)
    : graph.transpose(value, [0, ...perm.map((axis) => axis + 1)]);
};

const reshaped: Rule = ({ graph, operands, shape }) => {
  const x = firstOnly(operands);
  return x && graph.reshape(x, shape);
};

const expanded: Rule = ({ graph, operands, shape }) =>
  firstOnly(operands) && graph.expand(aligned(graph, operands[0]!, shape.length - 1), shape);

const joined: Rule = ({ graph, node, operands, count }) => {
  const axis = node.attributes.axis as number;
  const parts = operands.map((operand) => {
    const { value, stacked } = operand!;
    return stacked ? value : graph.expand(graph.reshape(value, [1, ...value.shape]), [count, ...value.shape]);
  });
  return axis < 0 ? undefined : graph.concat(parts, axis + 1);
};

const cut: Rule = ({ graph, node, operands, shape }) => {
  const x = firstOnly(operands);
  const axes = node.inputs[3];
  if (!x || !axes) return undefined;
  const inputs = [x, node.inputs[1], node.inputs[2], graph.ints(axesIn(axes).map((axis) => axis + 1)), ...node.inputs.slice(4)];
  return graph.op('Slice', inputs, { shape, dtype: x.dtype });
};

const padded: Rule = ({ graph, node, operands, shape }) => {
  const x = firstOnly(operands);
  if (!x || node.inputs.length > 3) return undefined;
  const pads = axesIn(node.inputs[1]!);
  const half = pads.length / 2;
  const inputs = [x, graph.ints([0, ...pads.slice(0, half), 0, ...pads.slice(half)]), ...node.inputs.slice(2)];
  return graph.op('Pad', inputs, { shape, dtype: x.dtype }, node.attributes);
};

const gathered: Rule = ({ graph, node, operands }) => {
  const [data, indices] = operands as [Operand, Operand];
  const axis = node.attributes.axis as number;
  if (data.stacked) return indices.stacked || axis < 0 ? undefined : graph.gather(data.value, indices.value, axis + 1);
  return axis === 0 ? graph.gather(data.value, indices.value, 0) : undefined;
};

const reduced: Rule = ({ graph, node: { op, inputs, attributes }, operands, shape }) => {
  const x = firstOnly(operands);
  if (!x || !inputs[1]) return undefined;
  return graph.op(op, [x, graph.ints(axesIn(inputs[1]).map((axis) => axis + 1))], { shape, dtype: x.dtype }, attributes);
};

const alongAxis: Rule = ({ graph, node: { op, attributes }, operands, shape }) => {
  const axis = attributes.axis as number;
  const { value } = operands[0]!;
  return graph.op(op, [value], { shape, dtype: value.dtype }, { ...attributes, axis: axis < 0 ? axis : axis + 1 });
};

/** Operators that treat each of the images along the first axis alike. */
const ofImages: Rule = ({ graph, node: { op, attributes }, operands, shape }) => {
  const x = firstOnly(operands);
  if (!x) return undefined;
  const inputs = [graph.reshape(x, merged(x.shape)), ...operands.slice(1).map((operand) => operand?.value)];
  return graph.reshape(graph.op(op, inputs, { shape: merged(shape), dtype: x.dtype }, attributes), shape);
};

const all = (ops: string, rule: Rule) => Object.fromEntries(ops.split(' ').map((op) => [op, rule]));

const rules: { readonly [op: string]: Rule } = {
  ...all(
    'Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil Cos Cosh Elu Erf Exp Floor Identity IsInf IsNaN LeakyRelu Log Neg Not',
    elementwise,
  ),
  ...all('Reciprocal Relu Round Selu Sign Sin Sinh Sqrt Tan Tanh', elementwise),
  ...all(
    'Add And BitwiseAnd BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Or Pow Sub Where Xor',
    elementwise,
  ),
  ...all('ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare', reduced),
  ...all('LogSoftmax Softmax', alongAxis),
  ...all('AveragePool Conv', ofImages),
  Clip: (stacking) => firstOnly(stacking.operands) && elementwise(stacking),
  Concat: joined,
  Expand: expanded,
  Gather: gathered,
  MatMul: product,
  Pad: padded,
  Reshape: reshaped,
  Slice: cut,
  Transpose: transposed,
};
