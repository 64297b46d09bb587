import type { JacobianMethod } from '@taskloom/core';
import { type CarriedWeights, equalWeights, product, stepWeights } from './carried-weights';
import { ontoSimplex } from './simplex';

export interface ModoOptions {
  /** γ, the step size of the weights. Default 1e-3. */
  readonly stepSize?: number;
  /** ρ, pulls the weights together. Default 0.1. */
  readonly regularization?: number;
}

/**
 * MoDo, multi-objective gradients with double sampling (L. Chen et al. 2023, arXiv 2305.20057): three independent batches with Jacobians J₁, J₂, J₃;
 * λ ← Π(λ − γ(J₁J₂ᵀλ + ρλ)) on the simplex, update J₃ᵀλ. Products of gradients from different batches have no bias, where those of one batch do. Costs three
 * batches of T backward passes. With one Jacobian for all three it is a step of projected gradient descent towards MGDA's weights.
 */
export function modo({ stepSize = 1e-3, regularization = 0.1 }: ModoOptions = {}): JacobianMethod<CarriedWeights> {
  return {
    kind: 'jacobian-method',
    name: 'modo',
    needs: ['gramian', 'gradients', 'batches'],
    batches: 3,
    init: equalWeights,
    weigh(gramian, state, context) {
      const tasks = context.present.length;
      const { weights, state: next } = stepWeights(state, context, (lambda, indices) => {
        const slopes = product((i, j) => gramian[indices[i]! * 3 * tasks + tasks + indices[j]!]!, lambda);
        return ontoSimplex(lambda.map((value, i) => value - stepSize * (slopes[i]! + regularization * value)));
      });
      return { weights, coefficients: Float64Array.from([...new Float64Array(2 * tasks), ...weights]), state: next };
    },
  };
}
