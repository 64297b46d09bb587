import type { HostArray, Tree } from '@taskloom/core';
import { encode } from '../encode';
import { arrayOf, type HostComputation, type Node, nodesOf, type Value } from '../graph/value';
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

/** Cuts a trace at its host calls. Each node is computed once; what a later stage reads of an earlier one becomes an output of that stage. */
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
  const stages: (GraphStage | HostStage)[] = [];
  for (let stage = 0; stage <= last; stage++) {
    const own = nodes.filter((node) => !node.host && level.get(node) === stage);
    stages.push(...graphStage(own, nodes, level, stage, roots, nameOf));
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

function graphStage(
  own: readonly Node[],
  all: readonly Node[],
  level: ReadonlyMap<Node, number>,
  stage: number,
  roots: ReadonlyMap<Value, string>,
  nameOf: (value: Value) => string,
): GraphStage[] {
  if (own.length === 0) return [];
  const inside = new Set(own);
  const inputs = new Map<string, Value>();
  for (const node of own)
    for (const value of node.inputs)
      if (value && !value.constant && !(value.producer && inside.has(value.producer))) inputs.set(nameOf(value), value);
  const work = own.reduce((sum, node) => sum + workOf(node), 0);
  const outputs = new Map<string, Value>();
  const leave = (value: Value | undefined) => {
    if (value?.producer && inside.has(value.producer)) outputs.set(nameOf(value), value);
  };
  for (const value of roots.keys()) leave(value);
  for (const node of all) if (node.host || level.get(node)! > stage) for (const value of node.inputs) leave(value);
  return [{ kind: 'graph', model: encode(inputs, outputs), inputs: [...inputs.keys()], outputs: [...outputs.keys()], work }];
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
