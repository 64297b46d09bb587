import {
  type Branch,
  disposeParams,
  flatten,
  type Host,
  type HostArray,
  type MultiTaskParams,
  mapParams,
  mapTree,
  merge,
  type Params,
  random,
  TaskloomError,
  toTensor,
} from '@taskloom/core';
import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { EvaluatorState } from './evaluate';
import type { HostTables } from './host-tables';
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

/**
 * A saved state in the structure of a fresh one (files know no empty branches); `best` is the model that the best evaluation used. Frees the fresh one and throws
 * `config_changed` where they differ, `file_corrupt` where they hold what no step would have left.
 */
export function restored(
  fresh: StepState,
  saved: Host<StepState>,
  best: Host<EvaluatorState> | undefined,
  tables: HostTables,
  average: ReadonlyMap<string, Pick<HostArray, 'dtype' | 'shape'>> = new Map(),
): Host<StepState> {
  try {
    const { params, buffers } = fresh;
    const forms = [...tables.forms()];
    if (best) fitting({ params, buffers }, best, new Map(forms.filter(([path]) => path.startsWith('params/'))));
    const leaves = fitting(fresh, saved, new Map([...forms, ...average]));
    tables.load(leaves);
    return mapTree<Tensor, HostArray>(fresh, (_, path) => leaves.get(path)!) as unknown as Host<StepState>;
  } catch (error) {
    disposeParams(fresh);
    throw error;
  }
}

/** The leaves of `saved`, which has those of `fresh` and the `others`. */
function fitting(
  fresh: Params,
  saved: Host<Params>,
  others: ReadonlyMap<string, Pick<HostArray, 'dtype' | 'shape'>>,
): Map<string, HostArray> {
  const leaves = flatten(saved as unknown as Branch<HostArray>);
  const own = new Map<string, Pick<Tensor | HostArray, 'dtype' | 'shape'>>([...flatten(fresh), ...others]);
  const form = (leaf: Pick<Tensor | HostArray, 'dtype' | 'shape'> | undefined) =>
    leaf ? `${leaf.dtype} [${leaf.shape.join(', ')}]` : 'none';
  const differs = [...own, ...leaves].find(([path]) => form(own.get(path)) !== form(leaves.get(path)))?.[0];
  if (differs !== undefined)
    throw new TaskloomError('config_changed', `The checkpoint's '${differs}' is not what the model and optimiser have now.`, {
      name: differs,
      expected: form(leaves.get(differs)),
      got: form(own.get(differs)),
      remedy: 'Go on with the model, optimiser and balancer of that run, or train anew in another store.',
    });
  const spoilt = notFinite(saved as unknown as Host<EvaluatorState>);
  if (spoilt !== undefined)
    throw new TaskloomError('file_corrupt', `The checkpoint's '${spoilt}' holds an infinity or NaN.`, {
      name: spoilt,
      remedy: 'Remove this checkpoint and go on from an older one, or train anew in another store.',
    });
  return leaves;
}

/** The path of the first parameter, average or buffer that holds an infinity or NaN. */
export function notFinite({
  params,
  buffers,
  ema = {},
  balancing = {},
}: Host<EvaluatorState> & Partial<Host<StepState>>): string | undefined {
  for (const [path, { data }] of flatten({ params, ema, buffers, balancing } as unknown as Branch<HostArray>)) {
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return path;
  }
  return undefined;
}
