import { type HostArray, mapTree, type Params, repairGradients, TaskloomError, type Tree } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { tracing } from './backend';

/** Shape and type of one leaf. */
export type Signature = Pick<HostArray, 'shape' | 'dtype'>;

/** One run of a step over abstract tensors. Leaves are keyed by their paths. */
export interface Trace {
  readonly graph: Graph;
  readonly nextState: ReadonlyMap<string, Value>;
  readonly outputs: Tree<Value>;
  /** Where the elements of large constants are from, in words, by the array. */
  readonly sources: ReadonlyMap<object, string>;
}

/** Names of the graph's inputs and of state and inputs in feeds. */
export const stateName = (path: string) => `state/${path}`;
export const inputName = (path: string) => `inputs/${path}`;

/** Runs `fn` once without numbers and records what it does, its gradients included. */
export function trace<S extends Params, I extends Tree<Tensor>, O extends Tree<Tensor>>(
  fn: (state: S, inputs: I) => { state: S; outputs: O },
  state: Tree<Signature & HostArray>,
  inputs: Tree<Signature & HostArray>,
): Trace {
  const graph = new Graph();
  return tracing(graph, ({ tensorOf, valueBehind, sources }) => {
    repairGradients();
    const abstract = (name: (path: string) => string) => (leaf: HostArray, path: string) =>
      tensorOf(graph.input(name(path), leaf.shape, leaf.dtype));
    const result = fn(mapTree(state, abstract(stateName)) as S, mapTree(inputs, abstract(inputName)) as I);
    refusePromise(result);
    const nextState = new Map<string, Value>();
    mapTree<Tensor, void>(result.state, (leaf, path) => void nextState.set(path, valueBehind(leaf)));
    const outputs = mapTree<Tensor, Value>(result.outputs as Tree<Tensor>, (leaf) => valueBehind(leaf)) as Tree<Value>;
    return { graph, nextState, outputs, sources };
  });
}

/** What an async step does after its first `await` could not be recorded. */
function refusePromise(result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch(() => {}); // this error is the one to be seen
  throw new TaskloomError('not_traceable', 'A compiled step must return its results, not a promise.', {
    name: 'step',
    remedy: 'Read and await before the step or after it, and give what the step needs as its inputs.',
  });
}
