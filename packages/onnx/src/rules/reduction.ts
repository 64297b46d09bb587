import { sizeOf, type Value } from '../graph/value';
import { float, number } from './numeric';
import { axesOf, type KernelRule, type KernelRules } from './rule';

/** A reduction; `ofNothing` is what tfjs gives where there is nothing to reduce. */
const reduction =
  (op: string, ofNothing: (dtype: Value['dtype']) => number, booleans: 'counted' | 'kept'): KernelRule =>
  (graph, { x }, { axis, reductionIndices, keepDims }) => {
    const value = booleans === 'kept' ? x! : number(graph, x!);
    const axes = axesOf(axis ?? reductionIndices, value.shape.length);
    if (axes.some((a) => value.shape[a] === 0)) {
      const shape = value.shape.flatMap((size, a) => (!axes.includes(a) ? [size] : keepDims ? [1] : []));
      return graph.splat(ofNothing(value.dtype), shape, value.dtype);
    }
    return graph.reduce(op, value, axes, keepDims === true);
  };

/** What a typed array makes of `undefined`. */
const nothing = (dtype: Value['dtype']) => (dtype === 'float32' ? Number.NaN : 0);
const sum = reduction('ReduceSum', () => 0, 'counted');

export const reductionRules: KernelRules = {
  Sum: sum,
  Prod: reduction('ReduceProd', () => 1, 'counted'),
  Max: reduction('ReduceMax', nothing, 'kept'),
  Min: reduction('ReduceMin', nothing, 'kept'),
  Any: reduction('ReduceMax', nothing, 'kept'),
  All: reduction('ReduceMin', nothing, 'kept'),
  Mean: (graph, { x }, attributes) => {
    const count = sizeOf(axesOf(attributes.axis, x!.shape.length).map((axis) => x!.shape[axis]!));
    const total = sum(graph, { x: float(graph, x!) }, attributes) as Value;
    return graph.binary('Div', total, graph.splat(Math.max(1, count)));
  },
  Softmax: (graph, { logits }, { dim }) => overLast(dim, logits!, (axis) => graph.op('Softmax', [logits!], logits!, { axis })),
  LogSoftmax: (graph, { logits }, { axis }) =>
    overLast(axis, logits!, (last) => graph.op('LogSoftmax', [logits!], logits!, { axis: last })),
};

function overLast(axis: unknown, { shape }: Value, make: (axis: number) => Value): Value {
  const given = (axis ?? -1) as number;
  return make(given < 0 ? given + shape.length : given);
}
