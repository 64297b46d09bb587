import { type Branch, flatten, jacobianRows, mapTree, type Params, stopGradient, type Tree, valueAndGradients } from '@taskloom/core';
import { add, addN, dot, mul, type Scalar, sum, type Tensor, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { asking } from './ask-method';
import { balancedRows } from './balanced-rows';
import { conflictOf } from './conflict';
import type { FeatureGradientsOptions, MultiTaskGradients } from './multi-task-gradients';

/**
 * Balances the gradients at the features z: rows ∂Lᵢ/∂z through the heads, then one backward pass of Σ presentᵢLᵢ at fixed z, which is the heads' own gradient, and of ⟨z, v⟩,
 * which is the trunk's with v = Σ wᵢ∂Lᵢ/∂z.
 */
export function atFeatures<P extends Params, F extends Tree<Tensor>, S>(
  options: FeatureGradientsOptions<P, F, S>,
): MultiTaskGradients<P, S> {
  const { method, params, wrt } = options;
  let state: () => S;
  const tensors = tidy(() => {
    const asked = asking<S>(options, method, () => options.losses(params, options.features(params)).size);
    const { names, present } = asked;
    state = asked.state;
    const pass = valueAndGradients(
      (p: P) => {
        const z = options.features(p);
        const fixed = mapTree(z, stopGradient);
        const { values, rows } = jacobianRows((leaf: { z: Tree<Tensor> }) => options.losses(p, leaf.z as F), { z: fixed } as never, {
          tasks: names.length,
        }) as unknown as { values: Tensor1D; rows: Params[] };
        const { update, gramian, weights } = balancedRows(asked, method, values, rows, { activations: { z: fixed } as Params });
        const heads = dot(options.losses(p, fixed as F), present);
        const along = flatten(update);
        const trunk = [...flatten({ z } as Branch<Tensor>)].map(([path, leaf]) => sum(mul(leaf, stopGradient(along.get(path)!))));
        return { value: add(heads, addN(trunk)) as Scalar, aux: { losses: values, gramian, weights } as Branch<Tensor> };
      },
      params,
      { wrt },
    );
    const { losses, gramian, weights } = pass.aux as unknown as { losses: Tensor1D; gramian: Tensor2D; weights: Tensor1D };
    return { gradients: pass.gradients, losses, gramian, weights, memory: {}, conflict: conflictOf(gramian, present) };
  });
  return { ...tensors, state: state!() };
}
