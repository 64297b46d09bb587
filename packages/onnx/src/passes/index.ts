import type { Tree } from '@taskloom/core';
import type { Value } from '../graph/value';
import type { Trace } from '../trace/trace';
import { layerNorms } from './layer-norm';
import type { Pass } from './rewrite';
import { sumsByProduct } from './sums';

/** The passes that a trace goes through before it is encoded, in order. Common sub-expressions are shared when the graph is built (`Graph.node`). */
export const passes: readonly Pass[] = [layerNorms, sumsByProduct];

/** The same step with a cheaper graph. */
export function optimized(trace: Trace, chosen: readonly Pass[] = passes): Trace {
  const roots: Value[] = [];
  const place = (value: Value) => roots.push(value) - 1;
  const state = [...trace.nextState].map(([path, value]) => [path, place(value)] as const);
  const outputs = mapValues(trace.outputs, place);
  const after = chosen.reduce<readonly Value[]>((values, pass) => pass(trace.graph, values), roots);
  return {
    ...trace,
    nextState: new Map(state.map(([path, at]) => [path, after[at]!])),
    outputs: mapNumbers(outputs, (at) => after[at]!),
  };
}

function mapValues(tree: Tree<Value>, fn: (value: Value) => number): Numbers {
  if ('id' in tree && typeof tree.id === 'number') return fn(tree as Value);
  return Object.fromEntries(Object.entries(tree).map(([name, branch]) => [name, mapValues(branch as Tree<Value>, fn)]));
}

type Numbers = number | { readonly [name: string]: Numbers };

function mapNumbers(tree: Numbers, fn: (at: number) => Value): Tree<Value> {
  if (typeof tree === 'number') return fn(tree) as Tree<Value>;
  return Object.fromEntries(Object.entries(tree).map(([name, branch]) => [name, mapNumbers(branch, fn)])) as Tree<Value>;
}
