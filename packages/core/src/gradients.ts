import {
  addN,
  clone,
  engine,
  keep,
  mul,
  type Scalar,
  scalar,
  sum,
  type Tensor,
  type Tensor1D,
  tensor1d,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from './error';
import type { Branch, Tree } from './host-array';
import { stopGradient } from './ops';
import { disposeParams, flatten, mapTree, merge, type Params, type Pattern, select, unflatten } from './params';
import { repairGradients } from './repair-gradients';

export interface GradientOptions {
  /** Differentiate with respect to these leaves only; the others are constants. Default: all. */
  readonly wrt?: Pattern;
  /** What a leaf gets that f does not depend on: zeros (default), or no place among the gradients. */
  readonly unused?: 'zeros' | 'omit';
}

/**
 * f(params) and ∇f: `gradients` has the structure of `params` (or of the part that `wrt` selects); a leaf that f does not depend on gets zeros.
 * `aux` is whatever else the pass computed (a tree of tensors), kept. Nests: differentiate through it for second order.
 * The caller owns value, aux and gradients; nothing else is left behind.
 */
export function valueAndGradients<P extends Params>(
  f: (params: P) => Scalar,
  params: P,
  options?: GradientOptions,
): { value: Scalar; aux: undefined; gradients: P };
export function valueAndGradients<P extends Params, A extends Tree<Tensor>>(
  f: (params: P) => { value: Scalar; aux: A },
  params: P,
  options?: GradientOptions,
): { value: Scalar; aux: A; gradients: P };
export function valueAndGradients<P extends Params>(
  f: (params: P) => Scalar | { value: Scalar; aux: Tree<Tensor> },
  params: P,
  options: GradientOptions = {},
): { value: Scalar; aux: Tree<Tensor> | undefined; gradients: P } {
  repairGradients();
  const leaves = [...flatten(options.wrt === undefined ? params : select(params, options.wrt))];
  if (leaves.length === 0)
    throw new TaskloomError('nothing_to_differentiate', 'No parameter is selected.', {
      name: 'wrt',
      remedy: 'Check the pattern against the names in the tree.',
    });
  for (const [path, leaf] of leaves) {
    if (leaf.dtype !== 'float32')
      throw new TaskloomError('bad_dtype', `Parameter '${path}' cannot be differentiated.`, {
        name: path,
        expected: 'float32',
        got: leaf.dtype,
      });
  }
  // Copies (of the handle, not of the data): what f holds by closure stays constant, and a tensor at two paths gets two gradients.
  const copies = leaves.map(([path, leaf]) => [path, clone(leaf)] as const);
  const inputs = copies.map(([, copy]) => copy);
  let kept: Tree<Tensor> | undefined;
  try {
    const { value, grads } = engine().gradients(
      () => {
        const result = f(merge(params, unflatten(copies)));
        const scalar = 'aux' in result ? result.value : result;
        if (scalar.size !== 1)
          throw new TaskloomError('shape_mismatch', 'The function to differentiate must return a scalar.', {
            name: 'value',
            expected: '[]',
            got: `[${scalar.shape}]`,
          });
        // A kept tensor outlives every scope.
        if ('aux' in result) kept = mapTree(result.aux, (leaf) => keep(clone(leaf)));
        return clone(scalar);
      },
      inputs,
      undefined,
      true,
    );
    const named = options.unused === 'omit' ? leaves.filter((_, i) => grads[i]) : leaves;
    const found = new Map(leaves.map(([path], i) => [path, grads[i]]));
    const gradients = unflatten(named.map(([path, leaf]) => [path, found.get(path) ?? zerosLike(leaf)] as const)) as unknown as P;
    // A clone of what was kept belongs to the caller's scope.
    return { value: value as Scalar, aux: kept && mapTree(kept, (leaf) => clone(leaf)), gradients };
  } finally {
    for (const copy of inputs) copy.dispose();
    if (kept) disposeParams(kept);
  }
}

/**
 * ⟨tree, direction⟩ over the leaves that `direction` has, held constant: a scalar whose gradient with respect to them is `direction`, so that a backward pass takes it further.
 * The caller owns it.
 */
export function innerProduct(tree: Params, direction: Params): Scalar {
  const along = flatten(direction);
  return tidy(() => {
    const products = [...flatten(tree)].flatMap(([path, leaf]) =>
      along.has(path) ? [sum(mul(leaf, stopGradient(along.get(path)!)))] : [],
    );
    return addN([scalar(0), ...products]) as Scalar;
  });
}

/** The gradients of each component of f(params) [tasks], one tree per component. Costs one forward and backward pass each when eager; a trace shares the forward. */
export function jacobianRows<P extends Params>(
  f: (params: P) => Tensor1D,
  params: P,
  options: GradientOptions & { readonly tasks: number },
): { values: Tensor1D; rows: P[] } {
  const rows: P[] = [];
  let values: Tensor1D | undefined;
  for (let task = 0; task < options.tasks; task++) {
    const { value, aux, gradients } = valueAndGradients(
      (p) => {
        const all = f(p);
        const chosen = tensor1d(Float32Array.from({ length: options.tasks }, (_, i) => (i === task ? 1 : 0)));
        return { value: sum(mul(all, chosen)) as Scalar, aux: { all } as Branch<Tensor> };
      },
      params,
      options,
    );
    value.dispose();
    const all = (aux as { all: Tensor1D }).all;
    if (values) all.dispose();
    else values = all;
    rows.push(gradients);
  }
  return { values: values ?? tidy(() => tensor1d([])), rows };
}
