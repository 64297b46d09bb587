import { type Node, nodesOf, type Value } from '../graph/value';

/** The same value in each of the traces, the base first. */
export type Aligned = readonly Value[];

export interface Alignment {
  /** Nodes of the base, producers first. */
  readonly nodes: readonly Node[];
  /** The counterparts of each value of the base that a node makes. */
  readonly of: ReadonlyMap<Value, Aligned>;
}

/** Two traces did not do the same. */
export class Difference extends Error {
  constructor(
    readonly trace: number,
    readonly what: string,
  ) {
    super(what);
  }
}

/** Walks graphs from their outputs in step. Throws `Difference` where they are not built alike. */
export function align(outputs: readonly Aligned[]): Alignment {
  const nodes = nodesOf(outputs.map(([value]) => value!));
  const of = new Map<Value, Aligned>();
  const meet = (values: Aligned) => {
    const [base] = values as [Value];
    for (const [k, value] of values.entries()) {
      if (
        value.input !== base.input ||
        Boolean(value.constant) !== Boolean(base.constant) ||
        Boolean(value.producer) !== Boolean(base.producer)
      )
        throw new Difference(k, `${describe(base)} against ${describe(value)}`);
      if (value.dtype !== base.dtype || value.shape.length !== base.shape.length)
        throw new Difference(k, `${base.dtype} [${base.shape}] against ${value.dtype} [${value.shape}]`);
    }
    if (!base.producer) return;
    const known = of.get(base);
    if (!known) of.set(base, values);
    else for (const [k, value] of values.entries()) if (known[k] !== value) throw new Difference(k, `one ${describe(base)} against two`);
  };
  for (const values of outputs) meet(values);
  for (const node of [...nodes].reverse()) {
    const at = node.outputs.findIndex((output) => of.has(output));
    const alike = of.get(node.outputs[at]!)!.map((value) => value.producer!);
    for (const [k, other] of alike.entries()) {
      if (
        other.op !== node.op ||
        other.domain !== node.domain ||
        other.inputs.length !== node.inputs.length ||
        other.outputs.length !== node.outputs.length
      )
        throw new Difference(k, `${node.op} against ${other.op}, or of another number of inputs`);
      if (other.outputs[at] !== of.get(node.outputs[at]!)![k]) throw new Difference(k, `another result of ${node.op}`);
      if (JSON.stringify(other.attributes) !== JSON.stringify(node.attributes))
        throw new Difference(k, `${node.op} with ${JSON.stringify(node.attributes)} against ${JSON.stringify(other.attributes)}`);
    }
    for (const i of node.outputs.keys()) meet(alike.map((other) => other.outputs[i]!));
    for (const [i, input] of node.inputs.entries()) {
      const values = alike.map((other) => other.inputs[i]);
      const missing = values.findIndex((value) => Boolean(value) !== Boolean(input));
      if (missing >= 0) throw new Difference(missing, `an input of ${node.op}`);
      if (input) meet(values as Value[]);
    }
  }
  return { nodes, of };
}

/**
 * The counterparts of the base's constants in one more trace, as far as it is built alike: at the greatest sizes, where what is cut elsewhere is whole,
 * it may not be.
 */
export function constantsIn(outputs: readonly (readonly [base: Value, other: Value])[]): ReadonlyMap<Value, Value> {
  const found = new Map<Value, Value>();
  const seen = new Set<Value>();
  const rest = [...outputs];
  for (let pair = rest.pop(); pair; pair = rest.pop()) {
    const [base, other] = pair;
    if (seen.has(base)) continue;
    seen.add(base);
    if (base.constant && other.constant) found.set(base, other);
    if (base.producer?.op !== other.producer?.op || base.producer?.inputs.length !== other.producer?.inputs.length) continue;
    for (const [i, input] of (base.producer?.inputs ?? []).entries()) {
      const counterpart = other.producer!.inputs[i];
      if (input && counterpart) rest.push([input, counterpart]);
    }
  }
  return found;
}

function describe(value: Value): string {
  return value.producer?.op ?? (value.input === undefined ? 'a constant' : `input '${value.input}'`);
}
