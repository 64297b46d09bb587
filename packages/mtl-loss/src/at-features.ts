import { type Branch, flatten, jacobianRows, mapTree, type Params, stopGradient, type Tree, valueAndGradients } from '@taskloom/core';
import { add, addN, dot, mul, type Scalar, sum, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { Asked } from './ask-method';
import type { Balanced, FeatureGradientsOptions } from './multi-task-gradients';

/**
 * Balances the gradients at the features z: rows ∂Lᵢ/∂z through the heads, then one backward pass of Σ presentᵢLᵢ at fixed z, which is the heads' own gradient, and of ⟨z, v⟩,
 * which is the trunk's with v = Σ wᵢ∂Lᵢ/∂z.
 */
export function atFeatures<P extends Params, F extends Tree<Tensor>, S>(
  options: FeatureGradientsOptions<P, F, S>,
  asked: Asked<S>,
): Balanced<P> {
  const { method, params, wrt } = options;
  const { names, present } = asked;
  const pass = valueAndGradients(
    (p: P) => {
      const z = options.features(p);
      const fixed = mapTree(z, stopGradient);
      const { values, rows } = jacobianRows((leaf: { z: Tree<Tensor> }) => options.losses(p, leaf.z as F), { z: fixed } as never, {
        tasks: names.length,
      }) as unknown as { values: Tensor1D; rows: Params[] };
      const { update, gramian, weights } = asked.rows(method, values, { rows, activations: { z: fixed } as Params });
      const heads = dot(options.losses(p, fixed as F), present);
      const along = flatten(update);
      const trunk = [...flatten({ z } as Branch<Tensor>)].map(([path, leaf]) => sum(mul(leaf, stopGradient(along.get(path)!))));
      return { value: add(heads, addN(trunk)) as Scalar, aux: { losses: values, gramian, weights } as Branch<Tensor> };
    },
    params,
    { wrt },
  );
  const aux = pass.aux as unknown as { losses: Tensor1D; gramian: Tensor2D; weights: Tensor1D };
  return { ...aux, gradients: pass.gradients, memory: {} };
}
