import type { HostArray, Tree } from '@taskloom/core';
import { encode } from '../encode';
import { madeAgain, onePass, type Prices } from '../graph/recompute';
import { arrayOf, type HostComputation, type Node, nodesOf, sizeOf, type Value } from '../graph/value';
import type { Trace } from '../trace/trace';
import { workOf } from './work';

/** A part of a step that runs as one ONNX model. */
export interface GraphStage {
  readonly kind: 'graph';
  readonly model: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Multiplications and additions, roughly. */
  readonly work: number;
  /** Elements of the largest array that the model makes for itself. */
  readonly largest: number;
}

/** A `hostCall` between two of them. */
export interface HostStage {
  readonly kind: 'host';
  readonly inputs: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly compute: HostComputation;
}

/** A step as stages that read and write named arrays. */
export interface Program {
  readonly stages: readonly (GraphStage | HostStage)[];
  /** Results that are known beforehand. */
  readonly constants: ReadonlyMap<string, HostArray>;
  /** Path of a state leaf → the array that it becomes. */
  readonly nextState: ReadonlyMap<string, string>;
  readonly outputs: Tree<string>;
}

/** Cuts a trace at its host calls. What a later stage reads of an earlier one becomes an output of that stage, unless it is cheaper made again of what is there. */
export function program(trace: Trace, mapOutputs: (fn: (value: Value) => string) => Tree<string>): Program {
  const roots = new Map<Value, string>();
  const constants = new Map<string, HostArray>();
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => {
    let name = names.get(value);
    if (name === undefined) {
      name = value.input ?? `t${value.id}`;
      names.set(value, name);
    }
    return name;
  };
  const root = (value: Value): string => {
    const name = nameOf(value);
    if (value.constant) constants.set(name, hostConstant(value));
    else if (value.producer) roots.set(value, name);
    return name;
  };
  const nextState = new Map([...trace.nextState].map(([path, value]) => [path, root(value)]));
  const outputs = mapOutputs(root);

  const nodes = nodesOf([...roots.keys()]);
  const level = stageOf(nodes);
  const last = Math.max(0, ...level.values());
  const inGraphs = nodes.filter((node) => !node.host);
  const parts = Array.from({ length: last + 1 }, (_, stage) => {
    const earlier = inGraphs.filter((node) => level.get(node)! < stage);
    return partOf(
      inGraphs.filter((node) => level.get(node) === stage),
      new Set(earlier),
    );
  });
  /** What the host computations of a stage and all later stages read. */
  const readAfter = (stage: number): Set<Value | undefined> => {
    const values = new Set(parts.slice(stage + 1).flatMap(({ reads }) => [...reads]));
    for (const node of nodes) if (node.host && level.get(node)! >= stage) for (const value of node.inputs) if (value) values.add(value);
    return values;
  };
  const stages: (GraphStage | HostStage)[] = [];
  for (let stage = 0; stage <= last; stage++) {
    stages.push(...graphStage(parts[stage]!, readAfter(stage), roots, nameOf));
    for (const node of nodes) if (node.host && level.get(node) === stage) stages.push(hostStage(node, nameOf));
  }
  // Constants that a host computation reads.
  for (const node of nodes)
    if (node.host) for (const input of node.inputs) if (input?.constant) constants.set(nameOf(input), hostConstant(input));
  return { stages, constants, nextState, outputs };
}

/** Host computations are the last of their stage; a node runs in the stage after the last of those it depends on. */
function stageOf(nodes: readonly Node[]): Map<Node, number> {
  const level = new Map<Node, number>();
  for (const node of nodes) {
    let stage = 0;
    for (const input of node.inputs) {
      const producer = input?.producer;
      if (producer) stage = Math.max(stage, level.get(producer)! + (producer.host ? 1 : 0));
    }
    level.set(node, stage);
  }
  // A node that no host computation waits for is better late: nothing has to leave the engine for it.
  const needed = new Map<Node, number>();
  for (const node of [...nodes].reverse()) {
    const until = node.host ? level.get(node)! : needed.get(node);
    if (until === undefined) continue;
    for (const input of node.inputs)
      if (input?.producer && !input.producer.host) needed.set(input.producer, Math.min(needed.get(input.producer) ?? Infinity, until));
  }
  const last = Math.max(0, ...level.values());
  for (const node of nodes) if (!node.host) level.set(node, needed.get(node) ?? last);
  return level;
}

/** The nodes of a stage, and what they read that it does not make. */
interface Part {
  readonly own: readonly Node[];
  readonly reads: ReadonlySet<Value>;
}

/** What is dear to take from one graph to the next, copied and read from cold memory, is cheap to make: in elementwise passes, and those over attention's axes. */
const prices: Prices = new Map([...onePass, ['Erf', 1 / 2], ['Transpose', 1 / 4]]);

function partOf(own: readonly Node[], earlier: ReadonlySet<Node>): Part {
  const inside = new Set(own);
  const again = madeAgain(earlier, own, prices);
  const reads = new Set<Value>();
  const read = (node: Node) => {
    for (const value of node.inputs) {
      if (!value || value.constant || (value.producer && inside.has(value.producer))) continue;
      if (again.has(value)) {
        inside.add(value.producer!);
        read(value.producer!);
      } else reads.add(value);
    }
  };
  for (const node of own) read(node);
  return { own, reads };
}

function graphStage(
  { own, reads }: Part,
  readLater: ReadonlySet<Value | undefined>,
  roots: ReadonlyMap<Value, string>,
  nameOf: (value: Value) => string,
): GraphStage[] {
  if (own.length === 0) return [];
  const inputs = new Map([...reads].map((value) => [nameOf(value), value]));
  const work = own.reduce((sum, node) => sum + workOf(node), 0);
  const made = own.flatMap((node) => node.outputs).filter((value) => roots.has(value) || readLater.has(value));
  // ONNX Runtime begins with what leads to the last output: so the losses come first, then each parameter as soon as its gradient is there, and what that reads is freed.
  const depth = depthsOf(own);
  made.sort((a, b) => depth.get(b.producer!)! - depth.get(a.producer!)!);
  const outputs = new Map(made.map((value) => [nameOf(value), value]));
  const given = new Set(outputs.values());
  const inside = own.flatMap((node) => node.outputs).filter((value) => !given.has(value));
  const largest = inside.reduce((most, { shape }) => Math.max(most, sizeOf(shape)), 0);
  return [{ kind: 'graph', model: encode(inputs, outputs), inputs: [...inputs.keys()], outputs: [...outputs.keys()], work, largest }];
}

/** How many nodes are computed one after the other up to each of these. */
function depthsOf(nodes: readonly Node[]): ReadonlyMap<Node, number> {
  const depths = new Map<Node, number>();
  for (const node of nodes) {
    let depth = 0;
    for (const input of node.inputs) if (input?.producer) depth = Math.max(depth, (depths.get(input.producer) ?? 0) + 1);
    depths.set(node, depth);
  }
  return depths;
}

function hostStage(node: Node, nameOf: (value: Value) => string): HostStage {
  return {
    kind: 'host',
    inputs: node.inputs.map((value) => nameOf(value!)),
    outputs: node.outputs.map((value) => ({ name: nameOf(value), shape: value.shape })),
    compute: node.host!,
  };
}

function hostConstant(value: Value): HostArray {
  return { shape: value.shape, dtype: value.dtype as HostArray['dtype'], data: arrayOf(value).slice() };
}
