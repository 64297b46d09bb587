import type { Graph } from '../graph/graph';
import { type Node, nodesOf, sizeOf, type Value } from '../graph/value';
import { stateName, type Trace } from '../trace/trace';
import { isElementwise } from './lanes';
import { mapTrace } from './rewrite';
import { isStackable, stacked } from './stacked';
import { type Family, Stacks, starting } from './stacks';

/** Elements of the largest stack that a pass over elements makes: beyond it, each chain has enough to do by itself, and all of them at once would be too much for the caches. */
const largest = 2 ** 21;
/** Elements from which on values are stacked for an operator that meets no stack. */
const worthStacking = 2 ** 10;

/**
 * Horizontal fusion (as in Wang et al. 2021, HFTA): chains of operators that do the same with the same weights, each with inputs of its own, such as tasks on rows of their own or the inner loops of
 * meta-learning, become one chain over their values stacked along a new first axis. Products of seven tasks' rows with a weight are one product of all rows, and its seven gradients one batch of products,
 * joined as their Jacobian wants them. What differs from chain to chain, such as heads, stays apart.
 *
 * Chains begin where several inputs of the step meet one weight. From there an operator is joined with its like once it is ready in each chain, so that no circle can come about; all others stay as they are.
 */
export function horizontallyFused(trace: Trace): Trace {
  return mapTrace(trace, (roots) => {
    const nodes = nodesOf(roots);
    const beginnings = beginningsIn(nodes);
    while (beginnings.size > 0) {
      const { families, outputs } = fused(trace.graph, nodes, roots, beginnings);
      const losing = families.filter(({ gain }) => gain <= 0);
      if (losing.length === 0) return outputs;
      for (const { key } of losing) beginnings.delete(key);
    }
    return roots;
  });
}

function fused(graph: Graph, nodes: readonly Node[], roots: readonly Value[], beginnings: ReadonlyMap<string, readonly Node[]>) {
  const keys = new Map([...beginnings].flatMap(([key, alike]) => alike.map((node) => [node, key] as const)));
  const { kinds, sizes } = kindsOf(nodes);
  const families: Family[] = [];
  const stacks = new Stacks(graph, madeOf(nodes, isGiven));
  const queue = inTurn(nodes);
  const waiting = new WaitingNodes();

  const keep = (node: Node) => {
    stacks.keep(node);
    queue.done(node);
  };
  const join = (alike: readonly Node[], family: Family) => {
    const first = alike[0]!;
    const operands = stacks.operands(alike, family);
    const stack = operands.some((operand) => operand?.stacked) ? stacked(graph, first, operands, alike.length) : undefined;
    if (!stack) return alike.forEach(keep);
    family.gain += starting * (alike.length - 1);
    if (isElementwise(first) && sizeOf(stack.shape) > largest) family.gain = -Infinity;
    stacks.stacked(
      alike.map(({ outputs }) => outputs[0]!),
      stack,
      family,
    );
    alike.forEach(queue.done);
  };

  const begin = (node: Node, key: string) => {
    const begun = waiting.add(node, key);
    if (begun.length < beginnings.get(key)!.length) return;
    const family: Family = { key, lanes: [], gain: 0 };
    for (const index of begun.keys()) family.lanes.push({ family, index });
    families.push(family);
    join(
      [...begun].sort((a, b) => madeAs(a) - madeAs(b)).map((each) => waiting.take(each)),
      family,
    );
  };
  const go = (node: Node) => {
    const lane = stacks.laneOf(node);
    const key = keys.get(node);
    if (!lane && key !== undefined) return begin(node, key);
    if (!lane || !isStackable(node)) return keep(node);
    const { family } = lane;
    const worth =
      node.inputs.some((value) => stacks.stackOf(value)) || (isElementwise(node) && sizeOf(node.outputs[0]!.shape) >= worthStacking);
    if (!worth || sizes.get(kinds.get(node)!)! < family.lanes.length) return keep(node);
    // Its like reads the same weights and the same stacks; what else they read is of like shape, and shared or stacked for them.
    const like = `${kinds.get(node)} ${node.inputs.map((value) => stacks.stackOf(value)?.id ?? '')}`;
    waiting.add(node, `${like} ${lane.index} of ${family.key}`);
    const all = family.lanes.flatMap(({ index }) => waiting.first(`${like} ${index} of ${family.key}`) ?? []);
    if (all.length === family.lanes.length)
      join(
        all.map((each) => waiting.take(each)),
        family,
      );
  };
  for (;;) {
    const next = queue.next();
    // Where none that waits has its like in each chain, the one that was traced first goes on by itself.
    const held = next ? undefined : waiting.earliest();
    if (next) go(next);
    else if (held) keep(waiting.take(held));
    else return { families, outputs: roots.map((root) => stacks.apart(root)) };
  }
}

/** Nodes that are ready and wait for their like. */
class WaitingNodes {
  readonly #lists = new Map<string, Node[]>();
  readonly #listOf = new Map<Node, Node[]>();

  /** The nodes that wait for the same, with this one. */
  add(node: Node, key: string): readonly Node[] {
    const list = listIn(this.#lists, key);
    list.push(node);
    this.#listOf.set(node, list);
    return list;
  }

  first(key: string): Node | undefined {
    return this.#lists.get(key)?.[0];
  }

  take(node: Node): Node {
    const list = this.#listOf.get(node)!;
    list.splice(list.indexOf(node), 1);
    this.#listOf.delete(node);
    return node;
  }

  earliest(): Node | undefined {
    let found: Node | undefined;
    for (const node of this.#listOf.keys()) if (!found || madeAs(node) < madeAs(found)) found = node;
    return found;
  }
}

/** Nodes in an order in which each comes after those that it reads are done. */
function inTurn(nodes: readonly Node[]) {
  const readers = new Map<Node, Node[]>();
  const missing = new Map<Node, number>();
  for (const node of nodes) {
    const producers = new Set(node.inputs.flatMap((value) => value?.producer ?? []));
    missing.set(node, producers.size);
    for (const producer of producers) listIn(readers, producer).push(node);
  }
  const ready = nodes.filter((node) => missing.get(node) === 0);
  let at = 0;
  return {
    next: (): Node | undefined => (at < ready.length ? ready[at++] : undefined),
    done(node: Node) {
      for (const reader of readers.get(node) ?? []) {
        const left = missing.get(reader)! - 1;
        missing.set(reader, left);
        if (left === 0) ready.push(reader);
      }
    },
  };
}

/** In which order nodes were traced. */
const madeAs = ({ outputs }: Node) => outputs[0]!.id;

function listIn<K>(lists: Map<K, Node[]>, key: K): Node[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** What is made of values for which `is` holds, and of constants, alone. */
function madeOf(nodes: readonly Node[], is: (input: string) => boolean): (value: Value) => boolean {
  const made = new Set<Value>();
  const known = (value: Value) => made.has(value) || (value.input !== undefined && is(value.input));
  for (const { host, inputs, outputs } of nodes)
    if (!host && inputs.some((value) => value && known(value)) && inputs.every((value) => !value || value.constant || known(value)))
      for (const value of outputs) made.add(value);
  return known;
}

const isState = (input: string) => input.startsWith(stateName(''));
const isGiven = (input: string) => !isState(input);

/** Where chains may begin: the same weight is applied to several inputs of the step, or rows of one table are looked up for them. */
function beginningsIn(nodes: readonly Node[]): Map<string, Node[]> {
  const isWeight = madeOf(nodes, isState);
  const isInput = madeOf(nodes, isGiven);
  const found = new Map<string, Node[]>();
  for (const node of nodes) {
    const [a, b] = node.inputs as [Value, Value];
    const rows = node.op === 'Gather' && isInput(b);
    const product = node.op === 'MatMul' && ((isInput(a) && isWeight(b)) || (isWeight(a) && isInput(b)));
    if (!rows && !product) continue;
    const side = ([value, own]: readonly [Value, boolean]) => (own ? `${value.dtype}[${value.shape}]` : `#${value.id}`);
    const sides = [[a, !rows && isInput(a)] as const, [b, isInput(b)] as const].map(side);
    listIn(found, `${node.op} ${JSON.stringify(node.attributes)} ${sides.join(' ')}`).push(node);
  }
  return new Map([...found].filter(([, alike]) => alike.length > 1));
}

/** The operator of each node with its shapes and weights, in words, and how many nodes have the same. */
function kindsOf(nodes: readonly Node[]) {
  const isWeight = madeOf(nodes, isState);
  const kinds = new Map<Node, string>();
  const sizes = new Map<string, number>();
  for (const node of nodes) {
    const slots = node.inputs.map(
      (value) => value && (value.constant || isWeight(value) ? `#${value.id}` : `${value.dtype}[${value.shape}]`),
    );
    const kind = `${node.domain}:${node.op} ${JSON.stringify(node.attributes)} ${node.outputs.map(({ shape }) => `[${shape}]`)} ${slots.join()}`;
    kinds.set(node, kind);
    sizes.set(kind, (sizes.get(kind) ?? 0) + 1);
  }
  return { kinds, sizes };
}
