import { checkNumbers, type JacobianMethod } from '@taskloom/core';
import type { CarriedWeights } from './carried-weights';
import { multiply } from './matrix';
import { ontoSimplex } from './simplex';
import { threeBatches } from './three-batches';
import { plus } from './vectors';

export interface ModoOptions {
  /** γ, the step size of the weights. Default 1e-3. */
  readonly stepSize?: number;
  /** ρ, pulls the weights together. Default 0.1. */
  readonly regularization?: number;
}

/**
 * MoDo, multi-objective gradients with double sampling (L. Chen et al. 2023, arXiv 2305.20057): three independent batches with Jacobians J₁, J₂, J₃;
 * λ ← Π(λ − γ(J₁J₂ᵀλ + ρλ)) on the simplex, update J₃ᵀλ. Products of gradients from different batches have no bias, where those of one batch do. With one Jacobian
 * for all three it is a step of projected gradient descent towards MGDA's weights. Cost 3F + 3T·B: three batches.
 */
export function modo({ stepSize = 1e-3, regularization = 0.1 }: ModoOptions = {}): JacobianMethod<CarriedWeights> {
  checkNumbers({ stepSize, regularization }, 0);
  return threeBatches('modo', 2, (lambda, between) => {
    const slopes = plus(multiply(between(0, 1), lambda), lambda, regularization);
    return ontoSimplex(plus(lambda, slopes, -stepSize));
  });
}
