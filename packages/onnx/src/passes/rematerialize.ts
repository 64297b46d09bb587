import { Network } from '../graph/minimum-cut';
import { bytesOf, type Node, nodesOf, type Value } from '../graph/value';
import { mapLeaves } from '../trace/leaves';
import type { Trace } from '../trace/trace';
import { rebuilt, rewriteTrace } from './rewrite';

/** Operators that take one pass over memory and little more. */
const cheap = new Set(['Add', 'Cast', 'Div', 'Expand', 'Mul', 'Neg', 'Relu', 'Sub']);
/** Those that take none: their results lie where their inputs do. */
const views = new Set(['Reshape', 'Squeeze', 'Unsqueeze']);
/** Bytes from which on an array counts. */
const large = 1 << 16;
/** What a byte made once more costs, in bytes kept. */
const price = 1 / 4;

/**
 * The same step with less to keep between the forward pass (what its outputs need, the losses first of all) and the backward pass: arrays that cheap operators make of
 * others are made again for the backward pass. What is kept is a minimum cut between arrays that cost too much to be made twice and those that the backward pass
 * reads, by bytes kept and, at a lower price, bytes made again. Rematerialisation: Chen et al. 2016, arXiv:1604.06174; by minimum cut as in PyTorch's AOTAutograd.
 */
export function rematerialized(trace: Trace): Trace {
  const { graph } = trace;
  const outputs: Value[] = [];
  mapLeaves(trace.outputs, (value) => outputs.push(value));
  const forward = new Set(nodesOf(outputs));
  const again = madeAgain(forward, nodesOf([...outputs, ...trace.nextState.values()]));
  if (again.size === 0) return trace;

  const copies = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    if (!again.has(value)) return value;
    const { producer } = value;
    const known =
      copies.get(value) ??
      graph.copy(
        producer!,
        producer!.inputs.map((input) => input && copy(input)),
      )[0]!;
    copies.set(value, known);
    return known;
  };
  return rewriteTrace(trace, [
    () => (node, inputs) => {
      if (forward.has(node)) return undefined;
      const own = inputs.map((input) => input && copy(input));
      return own.every((input, i) => input === inputs[i]) ? undefined : rebuilt(graph, node, own);
    },
  ]);
}

/** The results of forward nodes that the other nodes make once more. */
function madeAgain(forward: ReadonlySet<Node>, all: readonly Node[]): ReadonlySet<Value> {
  const network = new Network();
  const [source, sink] = [network.vertex(), network.vertex()];
  /** A value's two vertices: an array that flows in is computed, one that flows out is there for the backward pass. */
  const vertices = new Map<Value, { readonly made: number; readonly there: number }>();
  const enter = (value: Value) => {
    const known = vertices.get(value);
    if (known) return known;
    const own = { made: network.vertex(), there: network.vertex() };
    vertices.set(value, own);
    network.edge(own.made, own.there, bytesOf(value));
    const { producer } = value;
    const isView = views.has(producer!.op);
    if (!isView && !cheap.has(producer!.op)) network.edge(source, own.made, Number.POSITIVE_INFINITY);
    else {
      if (!isView) network.edge(source, own.made, price * bytesOf(value));
      for (const input of producer!.inputs) if (counts(input)) network.edge(enter(input).there, own.made, Number.POSITIVE_INFINITY);
    }
    return own;
  };
  /** What comes from outside is there anyway, and what is small is kept for nothing. */
  const counts = (value: Value | undefined): value is Value => !!value?.producer && forward.has(value.producer) && bytesOf(value) >= large;
  for (const node of all) {
    if (forward.has(node)) continue;
    for (const input of node.inputs) if (counts(input)) network.edge(enter(input).there, sink, Number.POSITIVE_INFINITY);
  }
  const kept = network.sourceSide(source, sink);
  return new Set([...vertices].filter(([, { made }]) => !kept.has(made)).map(([value]) => value));
}
