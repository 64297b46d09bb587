import type { Graph } from '../graph/graph';
import { type Node, nodesOf, type Value } from '../graph/value';

/**
 * What a node becomes, given its inputs as they are by now: its new outputs, or nothing where it stays. Patterns are found in the old graph; `now` gives
 * what one of its values has become, and only that may go into new nodes.
 */
export type Replace = (node: Node, inputs: readonly (Value | undefined)[], now: (value: Value) => Value) => readonly Value[] | undefined;

/** A transformation of a graph: the values that take the place of its outputs. */
export type Pass = (graph: Graph, outputs: readonly Value[]) => readonly Value[];

/**
 * Rebuilds what the outputs need, producers first, each node as `replace` says; values in `given` are replaced from the start. Nothing is changed in
 * place; nodes left over are no longer reached.
 */
export function rewrite(
  graph: Graph,
  outputs: readonly Value[],
  replace: Replace,
  given: ReadonlyMap<Value, Value> = new Map(),
): readonly Value[] {
  const changed = new Map(given);
  const now = (value: Value | undefined) => (value ? (changed.get(value) ?? value) : undefined);
  for (const node of nodesOf(outputs)) {
    const inputs = node.inputs.map(now);
    const same = inputs.every((value, i) => value === node.inputs[i]);
    const replaced = replace(node, inputs, (value) => now(value)!) ?? (same ? undefined : again(graph, node, inputs));
    if (replaced) for (const [i, value] of node.outputs.entries()) if (replaced[i] !== value) changed.set(value, replaced[i]!);
  }
  return outputs.map((value) => now(value)!);
}

function again(graph: Graph, node: Node, inputs: readonly (Value | undefined)[]): readonly Value[] {
  if (node.host)
    return graph.host(
      inputs as Value[],
      node.outputs.map(({ shape }) => shape),
      node.host,
    );
  return graph.node(node.op, inputs, node.outputs, node.attributes, node.domain);
}

/** The node behind a value, if it is one of this operator. */
export function producedBy(value: Value | undefined, op: string): Node | undefined {
  return value?.producer?.op === op ? value.producer : undefined;
}
