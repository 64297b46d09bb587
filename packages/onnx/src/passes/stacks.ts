import type { Graph } from '../graph/graph';
import { bytesOf, type Node, sameShape, sizeOf, type Value } from '../graph/value';
import { producedBy, rebuilt } from './rewrite';
import { isStackable, type Operand, stacked } from './stacked';
import { axesIn } from './sums';

/** What it costs to start an operator and to copy a byte, in microseconds. */
export const starting = 4;
const copying = 1e-4;

/** Chains of operators that do the same. */
export interface Family {
  /** What they begin with. */
  readonly key: string;
  readonly lanes: Lane[];
  /** The microseconds that joining them saves. */
  gain: number;
}

/** One of the chains. */
export interface Lane {
  readonly family: Family;
  readonly index: number;
}

/** A value of a chain, as one along the first axis of a stack. */
interface Member {
  readonly stack: Value;
  readonly lane: Lane;
}

/** What values of chains have become: members of stacks, values by themselves, or sums that are made when they are asked for, since all of a stack is added up at once. */
export class Stacks {
  readonly #graph: Graph;
  readonly #isInput: (value: Value) => boolean;
  readonly #now = new Map<Value, Value>();
  readonly #members = new Map<Value, Member>();
  readonly #lanes = new Map<Value, Lane>();
  readonly #sums = new Map<Value, readonly Value[]>();
  readonly #made = new Map<string, Value>();

  /** `isInput` tells what is made of the step's inputs alone. */
  constructor(graph: Graph, isInput: (value: Value) => boolean) {
    this.#graph = graph;
    this.#isInput = isInput;
  }

  stackOf(value: Value | undefined): Value | undefined {
    return value && this.#members.get(value)?.stack;
  }

  /** The one chain that a node reads of. */
  laneOf({ inputs }: Node): Lane | undefined {
    if (inputs.some((value) => value && this.#sums.has(value) && !this.#lanes.has(value))) return undefined;
    const read = new Set(inputs.flatMap((value) => (value && this.#lanes.get(value)) ?? []));
    return read.size === 1 ? [...read][0] : undefined;
  }

  /** A value of each chain has become one of a stack. */
  stacked(values: readonly Value[], stack: Value, { lanes }: Family): void {
    for (const [i, value] of values.entries()) {
      this.#members.set(value, { stack, lane: lanes[i]! });
      this.#lanes.set(value, lanes[i]!);
    }
  }

  /** The node by itself. */
  keep(node: Node): void {
    const lane = this.laneOf(node);
    if (lane) for (const value of node.outputs) this.#lanes.set(value, lane);
    const terms = this.#termsOf(node);
    if (terms) {
      this.#sums.set(node.outputs[0]!, terms);
      return;
    }
    const made = this.#joined(node) ?? this.#onItsOwn(node);
    for (const [i, value] of node.outputs.entries()) this.#now.set(value, made[i]!);
  }

  /** A value by itself. */
  apart(value: Value): Value {
    const known = this.#now.get(value);
    if (known) return known;
    const member = this.#members.get(value);
    const terms = this.#sums.get(value);
    const made = member ? this.#cut(member, value.shape) : terms ? this.#sum(value, terms) : value;
    this.#now.set(value, made);
    return made;
  }

  /** One value of each chain, stacked. */
  together(values: readonly Value[], family: Family): Value {
    const there = this.#whole(values);
    if (there) return there;
    const key = values.map(({ id }) => id).join();
    const known = this.#made.get(key);
    if (known) return known;
    let stack = this.#madeTogether(values, family);
    if (!stack) {
      const pieces = values.map((value) => this.#graph.reshape(this.apart(value), [1, ...value.shape]));
      stack = this.#graph.concat(pieces, 0);
      family.gain -= 2 * starting + copying * bytesOf(stack);
    }
    this.#made.set(key, stack);
    return stack;
  }

  /** What nodes that do the same read at each place: one value, or theirs stacked. */
  operands(nodes: readonly Node[], family: Family): (Operand | undefined)[] {
    return nodes[0]!.inputs.map((value, slot) => {
      const values = nodes.map(({ inputs }) => inputs[slot]!);
      const stacked = values.some((other) => other !== value);
      return value && { value: stacked ? this.together(values, family) : this.apart(value), stacked };
    });
  }

  /** Parts of one array that lie one behind the other are that array; what is made alike of the step's inputs is made of these, stacked. */
  #madeTogether(values: readonly Value[], family: Family): Value | undefined {
    const uncut = whereCut(this.#graph, values);
    if (uncut || !values.every((value) => value.producer && this.#isInput(value))) return uncut;
    const nodes = values.map((value) => value.producer!);
    const [first] = nodes as [Node];
    const like = ({ op, domain, attributes, inputs }: Node) =>
      op === first.op &&
      domain === first.domain &&
      JSON.stringify(attributes) === JSON.stringify(first.attributes) &&
      inputs.every(
        (value, slot) =>
          value === first.inputs[slot] || (value && this.#isInput(value) && sameShape(value.shape, first.inputs[slot]!.shape)),
      );
    if (!isStackable(first) || !nodes.every(like)) return undefined;
    return stacked(this.#graph, first, this.operands(nodes, family), values.length);
  }

  #cut({ stack, lane }: Member, shape: readonly number[]): Value {
    lane.family.gain -= starting + copying * 4 * sizeOf(shape);
    return this.#graph.reshape(this.#graph.slice(stack, [lane.index], [lane.index + 1], [0]), shape);
  }

  #onItsOwn(node: Node): readonly Value[] {
    const inputs = node.inputs.map((value) => value && this.apart(value));
    return inputs.every((value, i) => value === node.inputs[i]) ? node.outputs : rebuilt(this.#graph, node, inputs);
  }

  /** The stack that these values are, all of it in its order. */
  #whole(values: readonly (Value | undefined)[]): Value | undefined {
    const members = values.map((value) => value && this.#members.get(value));
    const [first] = members;
    const whole = members.length === first?.lane.family.lanes.length;
    return whole && members.every((member, i) => member?.stack === first.stack && member.lane.index === i) ? first.stack : undefined;
  }

  /** What a node joins of all chains along the first axis. */
  #joined({ op, inputs, attributes, outputs }: Node): readonly Value[] | undefined {
    const whole = op === 'Concat' && attributes.axis === 0 ? this.#whole(inputs) : undefined;
    return whole && [this.#graph.reshape(whole, outputs[0]!.shape)];
  }

  /** What a node adds up, where values of chains are among it. */
  #termsOf({ op, domain, inputs, outputs }: Node): readonly Value[] | undefined {
    const given = inputs as readonly Value[];
    if (domain !== '' || (op !== 'Add' && op !== 'Sum') || given.some(({ shape }) => !sameShape(shape, outputs[0]!.shape)))
      return undefined;
    const terms = given.flatMap((value) => this.#sums.get(value) ?? [value]);
    return terms.some((value) => this.#members.has(value)) ? terms : undefined;
  }

  /** A stack of which all is to be added up is reduced, the rest is added one by one; without such a stack the sum is made as it was. */
  #sum(value: Value, terms: readonly Value[]): Value {
    const byStack = new Map<Value, Set<Value>>();
    for (const term of terms) {
      const stack = this.stackOf(term);
      if (stack) byStack.set(stack, (byStack.get(stack) ?? new Set()).add(term));
    }
    const whole = [...byStack].filter(([stack, members]) => members.size === stack.shape[0]);
    if (whole.length === 0) return this.#onItsOwn(value.producer!)[0]!;
    const reduced = new Set(whole.flatMap(([, members]) => [...members]));
    // A term that is added twice is reduced once.
    const rest = terms.filter((term) => !reduced.delete(term));
    const parts = whole.map(([stack]) => this.#graph.reduce('ReduceSum', stack, [0], false));
    return [...parts, ...rest.map((term) => this.apart(term))].reduce((a, b) => this.#graph.binary('Add', a, b));
  }
}

/** What values were cut out of, one behind the other along its first axis, as their stack. */
function whereCut(graph: Graph, values: readonly Value[]): Value | undefined {
  const cuts = values.map((value) => producedBy(producedBy(value, 'Reshape')?.inputs[0] ?? value, 'Slice'));
  const source = cuts[0]?.inputs[0];
  if (!source) return undefined;
  const height = cuts[0]!.outputs[0]!.shape[0]!;
  const [begin] = axesIn(cuts[0]!.inputs[1]!) as [number];
  for (const [i, cut] of cuts.entries()) {
    const [from, starts, , axes, steps] = cut?.inputs ?? [];
    if (from !== source || steps || !axes) return undefined;
    const along = axesIn(axes);
    const inPlace = axesIn(starts!).every((start, k) => start === (along[k] === 0 ? begin + i * height : 0));
    if (along[0] !== 0 || !inPlace || !sameShape(cut!.outputs[0]!.shape, [height, ...source.shape.slice(1)])) return undefined;
  }
  return graph.reshape(graph.slice(source, [begin], [begin + cuts.length * height], [0]), [values.length, ...values[0]!.shape]);
}
