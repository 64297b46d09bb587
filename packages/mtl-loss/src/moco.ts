import type { JacobianMethod } from '@taskloom/core';
import { type CarriedWeights, equalWeights, product, stepWeights } from './carried-weights';
import { softmaxOf } from './simplex';

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
 * row stays as it is.
 */
export function moco({
  beta = 0.5,
  betaDecay = 0.5,
  gamma = 0.1,
  gammaDecay = 0.5,
  regularization = 0,
}: MocoOptions = {}): JacobianMethod<MocoState> {
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
      // yᵢ as a combination of the row gᵢ and the row it was.
      const own = new Float64Array(tasks);
      const former = new Float64Array(tasks).fill(1);
      for (let i = 0; i < tasks; i++) {
        if (!(context.present[i]! > 0)) continue;
        const norm = Math.sqrt(Math.max(0, gramian[i * 2 * tasks + i]!));
        own[i] = (follow * context.losses[i]!) / (norm + tiny);
        former[i] = 1 - follow;
      }
      const rows = 2 * tasks;
      const tracked = (i: number, j: number) =>
        own[i]! * own[j]! * gramian[i * rows + j]! +
        own[i]! * former[j]! * gramian[i * rows + tasks + j]! +
        former[i]! * own[j]! * gramian[(tasks + i) * rows + j]! +
        former[i]! * former[j]! * gramian[(tasks + i) * rows + tasks + j]!;
      const rate = gamma / steps ** gammaDecay;
      const { weights, state: next } = stepWeights(state, context, (lambda, indices) => {
        const slopes = product((i, j) => tracked(indices[i]!, indices[j]!), lambda);
        return softmaxOf(lambda.map((value, i) => value - rate * (slopes[i]! + regularization * value)));
      });
      const coefficients = new Float64Array((1 + tasks) * rows);
      for (let i = 0; i < tasks; i++) {
        coefficients[i] = weights[i]! * own[i]!;
        coefficients[tasks + i] = weights[i]! * former[i]!;
        coefficients[(1 + i) * rows + i] = own[i]!;
        coefficients[(1 + i) * rows + tasks + i] = former[i]!;
      }
      return { weights, coefficients, state: { ...next, steps } };
    },
  };
}

/** Keeps a gradient of zero from being divided by zero. */
const tiny = 1e-8;
