import type { Graph } from '../graph/graph';
import { type Node, nodesOf, type Value } from '../graph/value';
import { mapLeaves } from '../trace/leaves';
import type { Trace } from '../trace/trace';

/**
 * What a node becomes, given its inputs as they are by now: its new outputs, or nothing where it stays. Patterns are found in the old graph; `now` gives
 * what one of its values has become, and only that may go into new nodes.
 */
export type Replace = (node: Node, inputs: readonly (Value | undefined)[], now: (value: Value) => Value) => readonly Value[] | undefined;

/** A transformation of a graph with these outputs. */
export type Pass = (graph: Graph, outputs: readonly Value[]) => Replace;

/**
 * Rebuilds what the outputs need, producers first, each node as the first pass says that has something to say; values in `given` are replaced from the
 * start. Nothing is changed in place; nodes left over are no longer reached. All passes share one walk: to make a graph takes longer than to look at it.
 */
export function rewrite(
  graph: Graph,
  outputs: readonly Value[],
  passes: readonly Pass[],
  given: ReadonlyMap<Value, Value> = new Map(),
): readonly Value[] {
  const replacing = passes.map((pass) => pass(graph, outputs));
  const changed = new Map(given);
  const now = (value: Value | undefined) => (value ? (changed.get(value) ?? value) : undefined);
  const nowOf = (value: Value) => changed.get(value) ?? value;
  const replace: Replace = (node, inputs) => {
    for (const each of replacing) {
      const replaced = each(node, inputs, nowOf);
      if (replaced) return replaced;
    }
    return undefined;
  };
  for (const node of nodesOf(outputs)) {
    const inputs = node.inputs.map(now);
    const same = inputs.every((value, i) => value === node.inputs[i]);
    const replaced = replace(node, inputs, nowOf) ?? (same ? undefined : rebuilt(graph, node, inputs));
    if (replaced) for (const [i, value] of node.outputs.entries()) if (replaced[i] !== value) changed.set(value, replaced[i]!);
  }
  return outputs.map((value) => now(value)!);
}

/** The same step with all that it returns rewritten. */
export function rewriteTrace(trace: Trace, passes: readonly Pass[], given?: ReadonlyMap<Value, Value>): Trace {
  return mapTrace(trace, (roots) => rewrite(trace.graph, roots, passes, given));
}

/** The same step with other values for those that it returns. */
export function mapTrace(trace: Trace, map: (roots: readonly Value[]) => readonly Value[]): Trace {
  const roots: Value[] = [];
  const place = (value: Value) => roots.push(value) - 1;
  const state = [...trace.nextState].map(([path, value]) => [path, place(value)] as const);
  const outputs = mapLeaves(trace.outputs, place);
  const after = map(roots);
  return {
    ...trace,
    nextState: new Map(state.map(([path, at]) => [path, after[at]!])),
    outputs: mapLeaves(outputs, (at) => after[at]!),
  };
}

/** The node on other inputs. */
export function rebuilt(graph: Graph, node: Node, inputs: readonly (Value | undefined)[]): readonly Value[] {
  if (node.host)
    return graph.host(
      inputs as Value[],
      node.outputs.map(({ shape }) => shape),
      node.host,
    );
  // What two passes have changed the shape of may have its first one again.
  if (node.op === 'Reshape') return [graph.reshape(inputs[0]!, node.outputs[0]!.shape)];
  return graph.node(node.op, inputs, node.outputs, node.attributes, node.domain);
}

/** The node behind a value, if it is one of this operator. */
export function producedBy(value: Value | undefined, op: string): Node | undefined {
  return value?.producer?.op === op ? value.producer : undefined;
}
