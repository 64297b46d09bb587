import { type Branch, innerProduct, jacobianRows, mapTree, type Params, stopGradient, type Tree, valueAndGradients } from '@taskloom/core';
import { add, dot, type Scalar, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import type { Asked } from './ask-method';
import type { Balanced, FeatureGradientsOptions, Made } from './multi-task-gradients';

/**
 * Balances the gradients at the features z: rows ∂Lᵢ/∂z through the heads, then one backward pass of Σ presentᵢLᵢ at fixed z, which is the heads' own gradient, and of ⟨z, v⟩,
 * which is the trunk's with v = Σ wᵢ∂Lᵢ/∂z.
 */
export function atFeatures<P extends Params, F extends Tree<Tensor>, S>(
  options: FeatureGradientsOptions<P, F, S>,
  asked: Asked<S>,
): Made<Balanced<P>> {
  const { method, params, wrt } = options;
  const { tasks, present } = asked;
  const { aux, gradients } = valueAndGradients(
    (p: P) => {
      const z = options.features(p);
      const fixed = mapTree(z, stopGradient);
      const { values: losses, rows } = jacobianRows((leaf: { z: Tree<Tensor> }) => options.losses(p, leaf.z as F), { z: fixed } as never, {
        tasks,
      }) as unknown as { values: Tensor1D; rows: Params[] };
      const { update, gramian, weights } = asked.rows(method, losses, { rows, activations: { z: fixed } as Params });
      const heads = dot(options.losses(p, fixed as F), present);
      return { value: add(heads, innerProduct({ z } as Params, update)) as Scalar, aux: { losses, gramian, weights } as Branch<Tensor> };
    },
    params,
    { wrt },
  );
  return { ...(aux as unknown as Omit<Made<Balanced<P>>, 'gradients'>), gradients };
}
