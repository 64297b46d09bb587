import type { Graph } from '../graph/graph';
import { sameShape, sizeOf, splatOf, type Value } from '../graph/value';
import { type Pass, producedBy } from './rewrite';

/** Fewer columns than this are summed faster by the engine's own operator. */
const leastColumns = 8;
const leastRows = 16;
/** Elements from which on rows are added up in two steps, the first over as wide a row as there is: a narrow one takes twice as long (measured on [78400, 64]). */
const many = 2 ** 18;

/**
 * Σ over leading axes, or axes behind one of stacked values, as a product with a row of ones: ONNX Runtime sums down columns on one thread and against the grain of memory, while its matrix
 * product is the fastest thing it has. Gradients of biases, scales and tables are such sums. Signs and factors that are the same for all that is summed come
 * after it, where they take no pass over memory.
 */
export const sumsByProduct: Pass =
  (graph) =>
  (node, [x, axes]) => {
    if (node.op !== 'ReduceSum' || x!.dtype !== 'float32') return undefined;
    const reduced = axesIn(axes!);
    const sum = withoutFactors(graph, x!, reduced) ?? byProduct(graph, x!, reduced);
    return sum && [graph.reshape(sum, node.outputs[0]!.shape)];
  };

/** A sum divided by how many it adds up is a mean: one operator for two, of which a layer norm's gradient has two. */
export const means: Pass =
  (graph) =>
  ({ op, outputs: [quotient] }, [sum, count]) => {
    const producer = op === 'Div' ? producedBy(sum, 'ReduceSum') : undefined;
    const x = producer?.inputs[0];
    if (!x || !sameShape(quotient!.shape, sum!.shape) || splatOf(count!) !== sizeOf(x.shape) / sizeOf(sum!.shape)) return undefined;
    return [graph.reduce('ReduceMean', x, axesIn(producer.inputs[1]!), producer.attributes.keepdims === 1)];
  };

/** The sum with the reduced axes kept. */
function total(graph: Graph, x: Value, reduced: readonly number[]): Value {
  return withoutFactors(graph, x, reduced) ?? byProduct(graph, x, reduced) ?? graph.reduce('ReduceSum', x, reduced, true);
}

/** Σ −x as −Σ x, and Σ x·c as c · Σ x for a c that is the same along the reduced axes. */
function withoutFactors(graph: Graph, x: Value, reduced: readonly number[]): Value | undefined {
  const negated = producedBy(x, 'Neg')?.inputs[0];
  if (negated) return graph.unary('Neg', total(graph, negated, reduced));
  const { inputs } = producedBy(x, 'Mul') ?? {};
  if (!inputs) return undefined;
  for (const [y, factor] of [inputs, [...inputs].reverse()] as [Value, Value][]) {
    const missing = x.shape.length - factor.shape.length;
    const whole = y.shape.length === x.shape.length && y.shape.every((size, axis) => size === x.shape[axis]);
    if (whole && reduced.every((axis) => (factor.shape[axis - missing] ?? 1) === 1))
      return graph.binary('Mul', total(graph, y, reduced), factor);
  }
  return undefined;
}

function byProduct(graph: Graph, x: Value, reduced: readonly number[]): Value | undefined {
  const [before, end] = [reduced[0]!, reduced[0]! + reduced.length];
  if (reduced.some((axis, i) => axis !== before + i) || end === x.shape.length) return undefined;
  // A sum for each of what stands before the reduced axes.
  const sums = sizeOf(x.shape.slice(0, before));
  const rows = sizeOf(x.shape.slice(before, end));
  const columns = sizeOf(x.shape.slice(end));
  if (rows < leastRows || columns < leastColumns) return undefined;
  const first = rows * columns < many ? rows : firstOf(x.shape.slice(before, end));
  const added = (value: Value, count: number, width: number) =>
    graph.matMul(graph.splat(1, [1, count]), graph.reshape(value, before === 0 ? [count, width] : [sums, count, width]));
  const sum = added(x, first, (rows / first) * columns);
  return graph.reshape(
    first < rows ? added(sum, rows / first, columns) : sum,
    x.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size)),
  );
}

/** How many rows the first of two steps adds up: the fewest that leading axes give, and no step with too few. */
function firstOf(sizes: readonly number[]): number {
  const rows = sizeOf(sizes);
  for (let axes = 1; axes < sizes.length; axes++) {
    const first = sizeOf(sizes.slice(0, axes));
    if (first >= leastRows) return rows / first >= leastRows ? first : rows;
  }
  return rows;
}

/** The axes that an int64 constant names. */
export function axesIn(axes: Value): number[] {
  const constant = axes.constant!;
  return constant.kind === 'splat' ? Array<number>(sizeOf(axes.shape)).fill(constant.value) : Array.from(constant.data);
}
