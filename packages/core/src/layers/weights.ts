import { keep, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { TaskloomError } from '../error';
import { flatten, type Params, unflatten } from '../params';
import type { Scope } from './scope';

/** A model's weights as two trees. A weight named `dense_Dense1/kernel` is the leaf `kernel` of the branch `dense_Dense1`. */
export interface ModelParams {
  /** What training changes. */
  readonly trainable: Params;
  /** Moving statistics, and the weights of frozen layers. */
  readonly nonTrainable: Params;
}

/**
 * The weights of a tf.LayersModel, as copies: the caller owns them, and later training of the model does not change them. Weights of shared
 * and nested layers appear once. Throws `duplicate_name` if two weights have one name.
 */
export function paramsOf(model: LayersModel): ModelParams {
  const named = namedWeights(model);
  const trainable = new Set<LayerVariable>(model.trainableWeights);
  const tree = (wanted: boolean) =>
    unflatten(
      [...named].filter(([, weight]) => trainable.has(weight) === wanted).map(([path, weight]) => [path, weight.read().clone()] as const),
    );
  return { trainable: tree(true), nonTrainable: tree(false) };
}

/** Writes a tree (all weights or some) into the model. The tree stays the caller's. Throws `unknown_parameter`, `shape_mismatch`. */
export function assignParams(model: LayersModel, params: Params): void {
  const named = namedWeights(model);
  for (const [path, value] of checked(named, params)) named.get(path)!.write(value);
}

/** Weights by path. */
export function namedWeights(model: LayersModel): Map<string, LayerVariable> {
  const named = new Map<string, LayerVariable>();
  for (const weight of new Set<LayerVariable>(model.weights)) {
    const name = weight.originalName;
    if (named.has(name))
      throw new TaskloomError('duplicate_name', `Two weights of the model are called '${name}'.`, {
        name,
        remedy: 'Give its layers names of their own.',
      });
    named.set(name, weight);
  }
  return named;
}

/** The leaves of `params` by path, each known to the model and of its shape. */
export function checked(named: ReadonlyMap<string, LayerVariable>, params: Params): Map<string, Tensor> {
  const given = flatten(params);
  for (const [path, value] of given) {
    const weight = named.get(path);
    if (!weight)
      throw new TaskloomError('unknown_parameter', `The model has no weight '${path}'.`, {
        name: path,
        remedy: 'Take the names from paramsOf(model).',
      });
    if (weight.shape.join() !== value.shape.join())
      throw new TaskloomError('shape_mismatch', `'${path}' has the wrong shape.`, { name: path, expected: weight.shape, got: value.shape });
  }
  return given;
}

/** Replaces the reads and writes of weights while a pass runs; returns what the pass has written, by path. */
export function shadowWeights(
  named: ReadonlyMap<string, LayerVariable>,
  given: ReadonlyMap<string, Tensor>,
  scope: Scope,
): Map<string, Tensor> {
  const written = new Map<string, Tensor>();
  for (const [path, weight] of named) {
    const read = weight.read.bind(weight);
    scope.shadow(weight, 'read', () => written.get(path) ?? given.get(path) ?? read());
    scope.shadow(weight, 'write', (value: Tensor) => {
      const next = keep(value.clone()); // written inside the scopes of layers, read outside
      written.set(path, next);
      scope.atEnd(() => next.dispose());
      return weight;
    });
  }
  return written;
}
