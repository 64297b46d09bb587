import { checkNumbers, type JacobianMethod } from '@taskloom/core';
import { byPresence } from './present-tasks';
import { trackedCoefficients, trackedGramian, trackedRows } from './tracked-rows';
import { normsOf } from './unit-rows';

export interface DbMtlOptions {
  /** β, how much a gradient keeps of the average before it. Default 0.9; 0 carries nothing. */
  readonly beta?: number;
  /** The step t has β / t^σ. Default 0.5. */
  readonly betaDecay?: number;
  /** Added to losses and norms, so that none is divided by 0. Default 1e-8. */
  readonly epsilon?: number;
}

export interface DbMtlState {
  /** Steps done. */
  readonly steps: number;
}

/**
 * DB-MTL, dual balancing (B. Lin et al. 2023, arXiv 2308.12029): losses are balanced by their logarithm, gᵢ/(Lᵢ + ε); gradients by one norm for all, the greatest:
 * yᵢ ← gᵢ/Lᵢ + β/t^σ (yᵢ − gᵢ/Lᵢ), update Σ αᵢyᵢ with αᵢ = maxⱼ‖yⱼ‖ / ‖yᵢ‖. For losses > 0. Carries T rows as long as the parameters unless β = 0; an absent task's row
 * stays as it is and has no part in the step. A task whose gradient vanishes keeps a weight of at most maxⱼ‖yⱼ‖/ε, its row being as small.
 * Cost F + T·B.
 */
export function dbMtl({ beta = 0.9, betaDecay = 0.5, epsilon = 1e-8 }: DbMtlOptions = {}): JacobianMethod<DbMtlState> {
  checkNumbers({ beta }, 0, 1);
  checkNumbers({ betaDecay, epsilon }, 0);
  return {
    kind: 'jacobian-method',
    name: 'db-mtl',
    needs: ['gramian', 'gradients', 'losses'],
    memory: (tasks) => (beta === 0 ? 0 : tasks),
    init: () => ({ steps: 0 }),
    weigh(gramian, state, { present, losses }) {
      const tasks = present.length;
      const steps = state.steps + 1;
      const keep = beta / steps ** betaDecay;
      const rows = trackedRows(present, keep, (i) => (1 - keep) / (losses[i]! + epsilon));
      const norms =
        beta === 0
          ? rows[0].map((factor, i) => factor * Math.sqrt(gramian[i * (tasks + 1)]!))
          : normsOf(trackedGramian(gramian, 2 * tasks, rows));
      const greatest = Math.max(...byPresence(present, (i) => norms[i]!));
      const alphas = byPresence(present, (i) => greatest / (norms[i]! + epsilon));
      const coefficients = trackedCoefficients(rows, alphas);
      if (beta > 0) return { weights: alphas, coefficients, state: { steps } };
      const own = coefficients.slice(0, tasks);
      return { weights: own, coefficients: own, state: { steps } };
    },
  };
}
