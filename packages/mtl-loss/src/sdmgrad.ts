import { checkCounts, checkNumbers, type JacobianMethod } from '@taskloom/core';
import type { CarriedWeights } from './carried-weights';
import { diagonal, mapped, multiply } from './matrix';
import { byPresence } from './present-tasks';
import { ontoSimplex } from './simplex';
import { threeBatches } from './three-batches';
import { filled, meanOf, plus, sumOf } from './vectors';

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
 * (J₁ᵀw + λg₀) / (1 + λ) with the mean row g₀ of J₁. Cost 3F + 3T·B: three batches.
 */
export function sdmgrad({
  lambda = 0.3,
  iterations = 20,
  stepSize = 5,
  momentum = 0.5,
  epsilon = 1e-8,
}: SdmgradOptions = {}): JacobianMethod<CarriedWeights> {
  checkNumbers({ lambda, stepSize, epsilon }, 0);
  checkNumbers({ momentum }, 0, 1);
  checkCounts({ iterations }, 1);
  return threeBatches(
    'sdmgrad',
    0,
    (start, between) => {
      const count = start.length;
      const products = between(1, 2);
      const size = meanOf(diagonal(products).map((square) => Math.sqrt(Math.max(0, square) + epsilon)));
      // Batches that disagree wholly, or gradients of zero, have no scale.
      const matrix = mapped(products, (product) => product / (size > 0 ? size ** 2 : 1));
      const means = multiply(matrix, filled(count, lambda / count));
      let weights = start;
      let velocity = filled(count, 0);
      for (let iteration = 0; iteration < iterations; iteration++) {
        velocity = plus(plus(multiply(matrix, weights), means), velocity, momentum);
        weights = ontoSimplex(plus(weights, velocity, -stepSize));
      }
      return weights;
    },
    (moved, present) => byPresence(present, (i) => (moved[i]! + lambda / sumOf(present)) / (1 + lambda)),
  );
}
