import type { Graph } from '../graph/graph';
import { type Node, nodesOf, sizeOf, type Value } from '../graph/value';
import type { Pass } from './rewrite';

/** x · factor, or x / factor, with a factor of one element. */
interface Scaled {
  readonly x: Value;
  readonly factor: Value;
  readonly divided: boolean;
}

/**
 * An array is multiplied or divided by scalars once: (x · s) · t is x · (s · t), and x · s / y · t with an array y is x · (s · t) / y. Optimisers scale what they have divided: by a learning
 * rate, after a correction.
 */
export const scalarFactors: Pass = (graph, outputs) => {
  const uses = new Map<Value, number>();
  for (const value of [...outputs, ...nodesOf(outputs).flatMap(({ inputs }) => inputs)])
    if (value) uses.set(value, (uses.get(value) ?? 0) + 1);
  return (node, inputs) => {
    const outer = scaled(node, inputs as readonly Value[]);
    if (!outer) return undefined;
    const { producer } = outer.x;
    if (!producer) return undefined;
    const inner = scaled(producer, producer.inputs as readonly Value[]);
    if (inner && sizeOf(inner.x.shape) > 1) return [graph.binary('Mul', inner.x, together(graph, inner, outer))];
    // The array before the quotient: nothing else may read it or the quotient, which are made anew.
    const old = node.inputs.find((value) => value?.producer?.op === 'Div');
    const [n, d] = producer.op === 'Div' ? (producer.inputs as readonly [Value, Value]) : [];
    const first = n?.producer && scaled(n.producer, n.producer.inputs as readonly Value[]);
    if (!first || !old || uses.get(old) !== 1 || uses.get(old.producer!.inputs[0]!) !== 1) return undefined;
    return [graph.binary('Div', graph.binary('Mul', first.x, together(graph, first, outer)), d!)];
  };
};

function scaled({ op, domain, outputs }: Node, inputs: readonly Value[]): Scaled | undefined {
  if (domain !== '' || (op !== 'Mul' && op !== 'Div') || outputs[0]!.dtype !== 'float32') return undefined;
  const [a, b] = inputs as readonly [Value, Value];
  const whole = (x: Value) => x.shape.length === outputs[0]!.shape.length && sizeOf(x.shape) === sizeOf(outputs[0]!.shape);
  if (sizeOf(b.shape) === 1 && whole(a)) return { x: a, factor: b, divided: op === 'Div' };
  return op === 'Mul' && sizeOf(a.shape) === 1 && whole(b) ? { x: b, factor: a, divided: false } : undefined;
}

/** The factor that both are. */
function together(graph: Graph, a: Scaled, b: Scaled): Value {
  const [s, t] = [a, b].map(({ factor }) => graph.reshape(factor, [])) as [Value, Value];
  if (!a.divided && !b.divided) return graph.binary('Mul', s, t);
  if (!a.divided) return graph.binary('Div', s, t);
  return graph.binary('Div', b.divided ? graph.binary('Div', graph.splat(1), s) : t, b.divided ? t : s);
}
