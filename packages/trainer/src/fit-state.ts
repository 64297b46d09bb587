import {
  type Branch,
  type Host,
  type HostArray,
  type MultiTaskParams,
  mapParams,
  mapTree,
  merge,
  type Params,
  random,
  toTensor,
} from '@taskloom/core';
import { tidy } from '@tensorflow/tfjs-core';
import type { EvaluatorState } from './evaluate';
import type { Plan } from './plan';
import type { StepState } from './step';

/** Parameters and buffers to start from: copies of those given, or fresh ones. */
export function startingParams({ model, params, buffers, seed }: Plan): { params: MultiTaskParams; buffers: Params } {
  return tidy(() => ({
    params: params ? mapParams(params, (leaf) => leaf.clone()) : model.init(random(seed).fold('init')),
    buffers: buffers ? mapParams(buffers, (leaf) => leaf.clone()) : (model.buffers?.() ?? {}),
  }));
}

export function copied(state: { params: MultiTaskParams; buffers: Params }): EvaluatorState {
  return { params: mapParams(state.params, (leaf) => leaf.clone()), buffers: mapParams(state.buffers, (leaf) => leaf.clone()) };
}

/** What evaluation and prediction use: the moving averages in place of the parameters that have one. */
export function averaged(state: Host<StepState>): Host<EvaluatorState> {
  return {
    params: merge(state.params as unknown as Params, state.ema as unknown as Params) as unknown as Host<MultiTaskParams>,
    buffers: state.buffers,
  };
}

/** The same as tensors of the caller's. */
export function paramsFrom({ params, buffers }: Host<EvaluatorState>): { params: MultiTaskParams; buffers: Params } {
  const tensors = (tree: unknown) => mapTree(tree as Branch<HostArray>, toTensor);
  return { params: tensors(params) as unknown as MultiTaskParams, buffers: tensors(buffers) as unknown as Params };
}
