import { checkNumbers, type JacobianMethod } from '@taskloom/core';
import { type CarriedWeights, equalWeights, stepWeights } from './carried-weights';
import { block, multiply } from './matrix';
import { softmaxOf } from './simplex';
import { trackedCoefficients, trackedGramian, trackedRows } from './tracked-rows';
import { plus } from './vectors';

export interface MocoOptions {
  /** β, how fast the tracked gradients follow. Default 0.5. */
  readonly beta?: number;
  /** The step t has β / t^σ. Default 0.5. */
  readonly betaDecay?: number;
  /** γ, the step size of the weights. Default 0.1. */
  readonly gamma?: number;
  /** The step t has γ / t^σ. Default 0.5. */
  readonly gammaDecay?: number;
  /** ρ, pulls the weights together. Default 0. */
  readonly regularization?: number;
}

export interface MocoState extends CarriedWeights {
  /** Steps done. */
  readonly steps: number;
}

/**
 * MoCo, multi-objective gradient correction (H. Fernando et al. 2023, ICLR): tracked gradients yᵢ ← yᵢ − β/t^σ (yᵢ − gᵢLᵢ/‖gᵢ‖), weights
 * λ ← softmax(λ − γ/t^σ (Y Yᵀ + ρI)λ), update Yᵀλ. The average takes the bias out of products of noisy gradients. Carries T rows as long as the parameters; an absent task's
 * row stays as it is. Cost F + T·B.
 */
export function moco({
  beta = 0.5,
  betaDecay = 0.5,
  gamma = 0.1,
  gammaDecay = 0.5,
  regularization = 0,
}: MocoOptions = {}): JacobianMethod<MocoState> {
  checkNumbers({ beta }, 0, 1);
  checkNumbers({ betaDecay, gamma, gammaDecay, regularization }, 0);
  return {
    kind: 'jacobian-method',
    name: 'moco',
    needs: ['gramian', 'gradients', 'losses'],
    memory: (tasks) => tasks,
    init: (tasks) => ({ ...equalWeights(tasks), steps: 0 }),
    weigh(gramian, state, context) {
      const tasks = context.present.length;
      const steps = state.steps + 1;
      const follow = beta / steps ** betaDecay;
      const { present, losses } = context;
      const rows = trackedRows(present, 1 - follow, (i) => (follow * losses[i]!) / (Math.sqrt(gramian[i * (2 * tasks + 1)]!) + tiny));
      const products = trackedGramian(gramian, 2 * tasks, rows);
      const rate = gamma / steps ** gammaDecay;
      const { weights, state: next } = stepWeights(state, context, (lambda, places) => {
        const slopes = plus(multiply(block(products, places), lambda), lambda, regularization);
        return softmaxOf(plus(lambda, slopes, -rate));
      });
      return { weights, coefficients: trackedCoefficients(rows, weights), state: { ...next, steps } };
    },
  };
}

/** Keeps a gradient of zero from being divided by zero. */
const tiny = 1e-8;
