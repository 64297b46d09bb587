import { add, type Scalar, scalar, type Tensor, type TensorContainer, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Params, unflatten } from '../params';
import type { Random } from '../random';
import { repairGradients } from '../repair-gradients';
import { layersOf, type States, shadowStates } from './layer-tree';
import { shadowNoise } from './noise';
import { type Scope, scoped } from './scope';
import { checked, namedWeights, shadowWeights } from './weights';

export interface FunctionalCallOptions {
  /** Default false. */
  readonly training?: boolean;
  /** Where dropout and noise draw from, needed in training if the model has such layers: a stream by the layer's name, then by its nth call. */
  readonly random?: Random;
  /** States of stateful recurrent layers by layer name, as `states` returned them. Default: the layer's own, zeros at first. */
  readonly states?: States;
  /** Also compute what `calculateLosses()` gives: L1/L2 penalties of the parameters passed, and in training the auxiliary losses of modules. As in `fit`, a shared layer counts once a use. Default false. */
  readonly regularization?: boolean;
}

export interface FunctionalCallResult {
  /** In the order of `model.outputs`; of one output, a list of one. */
  readonly outputs: Tensor[];
  /** New values of weights that the pass wrote (moving statistics): part of `nonTrainable`, empty outside training. */
  readonly updates: Params;
  /** New states of the stateful recurrent layers. */
  readonly states: States;
  /** Their sum, where asked for; 0 if the model has none. */
  readonly regularization?: Scalar;
}

/**
 * Runs a tf.LayersModel as a pure function of its parameters: `params` holds the weights by the names of `paramsOf` (all or some; the others
 * are the model's own, as constants), the model itself is not changed. Differentiable in `params` and `inputs`, to any order. Everything
 * returned is the caller's. Throws `unknown_parameter`, `shape_mismatch`, `duplicate_name`, `random_missing`.
 */
export function functionalCall(
  model: LayersModel,
  params: Params,
  inputs: Tensor | readonly Tensor[],
  { training = false, random, states = {}, regularization = false }: FunctionalCallOptions = {},
): FunctionalCallResult {
  repairGradients();
  const named = namedWeights(model);
  const given = checked(named, params);
  const pass = (scope: Scope): FunctionalCallResult => {
    const all = layersOf(model);
    const written = shadowWeights(named, given, scope);
    const newStates = shadowStates(all, states, scope);
    shadowNoise(all, training, random, scope);
    const outputs = model.apply(inputs as Tensor | Tensor[], { training }) as Tensor | Tensor[];
    return {
      outputs: Array.isArray(outputs) ? outputs : [outputs],
      updates: unflatten([...written].map(([path, value]) => [path, value.clone()] as const)),
      states: newStates(),
      ...(regularization && { regularization: lossesOf(model).reduce<Scalar>((a, b) => add(a, b), scalar(0)) }),
    };
  };
  return tidy(() => scoped(pass) as unknown as TensorContainer) as unknown as FunctionalCallResult;
}

/** What `fit` adds to the loss. A Sequential model asks the functional model inside: its own list is empty. */
function lossesOf(model: LayersModel): Scalar[] {
  const { model: inner } = model as unknown as { readonly model?: LayersModel | null };
  return (inner ?? model).calculateLosses();
}
