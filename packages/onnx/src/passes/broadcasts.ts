import { broadcastShape, type Graph } from '../graph/graph';
import { sameShape, sizeOf, splatOf, type Value } from '../graph/value';
import { type Pass, producedBy } from './rewrite';

/** Operators whose inputs are broadcast against each other. */
const broadcasting = new Set('Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mul Or Pow Sub Where Xor'.split(' '));

/**
 * Less to read and write for the same numbers: operands that are broadcast anyway are neither expanded nor given leading axes of size 1 (which makes equal what
 * several ops of a batch normalisation compute), a negated one is subtracted, and a number goes into the smaller factor of a product. Gradients are full of these.
 */
export const broadcasts: Pass =
  (graph) =>
  ({ op, domain, outputs, attributes }, inputs) => {
    if (domain !== '' || !broadcasting.has(op)) return undefined;
    const given = inputs as readonly Value[];
    const { shape, dtype } = outputs[0]!;
    const operands = [...given];
    for (const [i, operand] of operands.entries()) operands[i] = least(graph, operand, shapeOf(op, operands, i), shape);
    if (op === 'Mul') {
      const product = intoSmaller(graph, operands[0]!, operands[1]!) ?? intoSmaller(graph, operands[1]!, operands[0]!);
      if (product) return [product];
    }
    if (op === 'Add' || op === 'Sub') {
      const other = op === 'Add' ? 'Sub' : 'Add';
      const [a, b] = operands as [Value, Value];
      const [left, right] = [producedBy(a, 'Neg')?.inputs[0], producedBy(b, 'Neg')?.inputs[0]];
      if (right) return [graph.binary(other, a, right)];
      if (op === 'Add' && left) return [graph.binary('Sub', b, left)];
    }
    if (operands.every((operand, i) => operand === given[i])) return undefined;
    return [graph.op(op, operands, { shape, dtype }, attributes)];
  };

/** What the other operands are broadcast to. */
function shapeOf(op: string, operands: readonly Value[], without: number): readonly number[] {
  return operands.reduce<readonly number[]>((shape, { shape: other }, i) => (i === without ? shape : broadcastShape(shape, other, op)), []);
}

/** The smallest value that gives the same result in place of an operand. */
function least(graph: Graph, operand: Value, others: readonly number[], shape: readonly number[]): Value {
  const fits = (value: Value) => sameShape(broadcastShape(value.shape, others, 'Expand'), shape);
  const source = producedBy(operand, 'Expand')?.inputs[0];
  if (source && fits(source)) return least(graph, source, others, shape);
  const first = operand.shape.findIndex((size) => size !== 1);
  if (first <= 0 || operand.shape.length > others.length || !producedBy(operand, 'Reshape')) return operand;
  return graph.reshape(operand, operand.shape.slice(first));
}

/** x · (y · number) as (x · number) · y for an x smaller than y. */
function intoSmaller(graph: Graph, x: Value, product: Value): Value | undefined {
  const { inputs } = producedBy(product, 'Mul') ?? {};
  if (!inputs || sizeOf(x.shape) >= sizeOf(product.shape) || x.constant) return undefined;
  for (const [number, y] of [inputs, [...inputs].reverse()] as [Value, Value][]) {
    const factor = splatOf(number);
    if (factor !== undefined) return graph.binary('Mul', graph.binary('Mul', x, graph.splat(factor, [], x.dtype)), y);
  }
  return undefined;
}
