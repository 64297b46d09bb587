import { add, clone, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { flatten, mapParams, type Params, unflatten } from '../params';

/** What one step tells an optimiser, as tensors: a compiled step takes them as inputs. Both float32 []; `step` counts from 0. */
// A type and not an interface, which would not count as a tree of tensors.
export type StepInfo = {
  readonly step: Scalar;
  readonly learningRate: Scalar;
};

/**
 * A pure piece of an optimiser: it turns gradients into updates, which are *added* to the parameters (`applyUpdates`). State is a tree of
 * tensors under the parameters' own names, so that a checkpoint loads on any executor. Pieces compose by `chain`.
 */
export interface Optimizer<S extends Params = Params> {
  /** True if the state is always `{}`; `chain` then keeps no place for it. */
  readonly stateless?: boolean;
  init(params: Params): S;
  update<P extends Params>(gradients: P, state: S, params: P, info: StepInfo): { updates: P; state: S };
}

/** What a rule sees of one parameter. */
export interface Leaf<Common> {
  readonly parameter: Tensor;
  readonly path: string;
  readonly info: StepInfo;
  /** What all leaves share in this step. */
  readonly common: Common;
}

export interface LeafwiseOptions<Field extends string, Common> {
  /** The state of one parameter by field; `undefined` where this parameter has none. */
  readonly init: { readonly [F in Field]: (parameter: Tensor) => Tensor | undefined };
  /** Computed once a step: bias corrections, norms over all leaves. */
  readonly common?: (info: StepInfo, gradients: Params, params: Params) => Common;
  /** One parameter's update and next state; the fields given are those that `init` made. */
  readonly update: (
    gradient: Tensor,
    state: { readonly [F in Field]: Tensor },
    leaf: Leaf<Common>,
  ) => { readonly update: Tensor } & { readonly [F in NoInfer<Field>]?: Tensor };
}

/**
 * An optimiser from a rule for one parameter. Its state is `{ [field]: tree }`, each tree under the parameters' names. The rule makes what it
 * likes: all but its results is disposed.
 */
export function leafwise<Field extends string = never, Common = undefined>(options: LeafwiseOptions<Field, Common>): Optimizer {
  const fields = Object.keys(options.init) as Field[];
  return {
    stateless: fields.length === 0,
    init: (params) =>
      tidy(() =>
        Object.fromEntries(
          fields.map((field) => [field, unflatten([...flatten(params)].flatMap(([path, leaf]) => pair(path, options.init[field](leaf))))]),
        ),
      ),
    update: <P extends Params>(gradients: P, state: Params, params: P, info: StepInfo) =>
      tidy(() => {
        const common = options.common?.(info, gradients, params) as Common;
        const parameters = flatten(params);
        // A branch without leaves does not survive a checkpoint, hence the default.
        const before = new Map(fields.map((field) => [field, flatten((state[field] ?? {}) as Params)]));
        const after = new Map(fields.map((field) => [field, [] as (readonly [string, Tensor])[]]));
        const updates = mapParams(gradients, (gradient, path) => {
          const parameter = parameters.get(path);
          if (!parameter) throw mismatch(path, 'There is a gradient but no parameter');
          const own = {} as { readonly [F in Field]: Tensor };
          for (const field of fields)
            Object.defineProperty(own, field, {
              get() {
                const leaf = before.get(field)!.get(path);
                if (!leaf) throw mismatch(path, `The optimiser's state has no '${field}'`);
                return leaf;
              },
            });
          const result = options.update(gradient, own, { parameter, path, info, common });
          const given = new Set<Tensor>([gradient, parameter]);
          // No two results are one tensor, nor a result an argument: each can be disposed without a thought for the others.
          const apart = (leaf: Tensor) => {
            if (given.has(leaf)) return clone(leaf);
            given.add(leaf);
            return leaf;
          };
          for (const field of fields) if (result[field]) after.get(field)!.push([path, apart(result[field] as Tensor)]);
          return apart(result.update);
        });
        return { updates, state: Object.fromEntries([...after].map(([field, leaves]) => [field, unflatten(leaves)])) as Params };
      }),
  };
}

/** The parameters with their updates added: new tensors. A parameter without an update (a frozen one) comes back as it is, as a clone. */
export function applyUpdates<P extends Params>(params: P, updates: Params): P {
  const flat = flatten(updates);
  const known = flatten(params);
  for (const path of flat.keys()) if (!known.has(path)) throw mismatch(path, 'There is an update but no parameter');
  return mapParams(params, (leaf, path) => {
    const update = flat.get(path);
    return update ? add(leaf, update) : clone(leaf);
  });
}

/** The parameters that have an update, with it added. */
export function moved<P extends Params>(params: Params, updates: P): P {
  const flat = flatten(params);
  return mapParams(updates, (update, path) => {
    const leaf = flat.get(path);
    if (!leaf) throw mismatch(path, 'There is an update but no parameter');
    return add(leaf, update);
  });
}

function pair(path: string, leaf: Tensor | undefined): (readonly [string, Tensor])[] {
  return leaf ? [[path, leaf]] : [];
}

function mismatch(path: string, message: string): TaskloomError {
  return new TaskloomError('structure_mismatch', `${message} for '${path}'.`, {
    name: path,
    remedy: 'Gradients, state and parameters of one optimiser need the same names: call init() with the parameters that are trained.',
  });
}
