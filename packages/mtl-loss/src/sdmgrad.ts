import type { JacobianMethod } from '@taskloom/core';
import { type CarriedWeights, equalWeights, product, stepWeights } from './carried-weights';
import { ontoSimplex } from './simplex';

export interface SdmgradOptions {
  /** λ, how much the update keeps of the mean gradient. Default 0.3. */
  readonly lambda?: number;
  /** Steps of the inner problem. Default 20. */
  readonly iterations?: number;
  /** Their size. Default 5; some published code has 10. */
  readonly stepSize?: number;
  /** Default 0.5. */
  readonly momentum?: number;
  /** Added to the squared norms that M is scaled by, so that none is 0. Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * SDMGrad, stochastic direction-oriented multi-objective gradient descent (P. Xiao, H. Ban, K. Ji 2023, arXiv 2305.18409): three independent batches with Jacobians J₁, J₂, J₃;
 * w minimises ½‖Jᵀw + λg₀‖² on the simplex by a few projected momentum steps on M = J₂J₃ᵀ (scaled by the mean norm), going on from the last w; the update is
 * (J₁ᵀw + λg₀) / (1 + λ) with the mean row g₀ of J₁. Costs three batches of T backward passes.
 */
export function sdmgrad({
  lambda = 0.3,
  iterations = 20,
  stepSize = 5,
  momentum = 0.5,
  epsilon = 1e-8,
}: SdmgradOptions = {}): JacobianMethod<CarriedWeights> {
  return {
    kind: 'jacobian-method',
    name: 'sdmgrad',
    needs: ['gramian', 'gradients', 'batches'],
    batches: 3,
    init: equalWeights,
    weigh(gramian, state, context) {
      const tasks = context.present.length;
      const count = context.present.reduce((sum, here) => sum + (here > 0 ? 1 : 0), 0);
      const { weights: inner, state: next } = stepWeights(state, context, (start, indices) => {
        const at = (i: number, j: number) => gramian[(tasks + indices[i]!) * 3 * tasks + 2 * tasks + indices[j]!]!;
        const size = indices.reduce((sum, _, i) => sum + Math.sqrt(Math.max(0, at(i, i)) + epsilon), 0) / count;
        // Batches that disagree wholly, or gradients of zero, have no scale.
        const scale = size > 0 ? size ** 2 : 1;
        const matrix = (i: number, j: number) => at(i, j) / scale;
        const means = product(matrix, new Float64Array(count).fill(1 / count));
        let weights = start;
        let velocity = new Float64Array(count);
        for (let iteration = 0; iteration < iterations; iteration++) {
          const slopes = product(matrix, weights);
          velocity = velocity.map((value, i) => momentum * value + slopes[i]! + lambda * means[i]!);
          weights = ontoSimplex(weights.map((value, i) => value - stepSize * velocity[i]!));
        }
        return weights;
      });
      const weights = inner.map((weight, i) => (context.present[i]! > 0 ? (weight + lambda / count) / (1 + lambda) : 0));
      return { weights, coefficients: Float64Array.from([...weights, ...new Float64Array(2 * tasks)]), state: next };
    },
  };
}
