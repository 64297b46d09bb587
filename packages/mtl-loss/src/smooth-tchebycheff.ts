import { assertShape, checkNumbers, logSumExp } from '@taskloom/core';
import { minimum, mul, sub, sum, type Tensor1D } from '@tensorflow/tfjs-core';
import { presentLosses } from './present-losses';
import { taskValues } from './task-values';
import { type NoParameters, noParameters, scalarization, type TotalLoss } from './total-loss';

export interface SmoothTchebycheffOptions {
  /** Smoothness: the smaller, the nearer to the plain maximum. Default 1. */
  readonly mu?: number;
  /** λ, in the order of the tasks. Default 1/T each. */
  readonly preference?: readonly number[];
  /** z, the best that each loss can become, in the order of the tasks. Default 0 each. */
  readonly ideal?: readonly number[];
}

/**
 * Smooth Tchebycheff scalarization with a preference (X. Lin et al. 2024, arXiv 2402.19078, equation 6): μ log Σ exp(λᵢ(Lᵢ − zᵢ)/μ), a smooth maximum of
 * what each task still lacks. Every Pareto-optimal point is the minimum for some preference, also where the front is not convex (which no
 * weighted sum reaches). Reads the losses as they are, so they should be on one scale; `stch` finds the scales itself. Cost F + B.
 */
export function smoothTchebycheff({ mu = 1, preference, ideal }: SmoothTchebycheffOptions = {}): TotalLoss<NoParameters> {
  checkNumbers({ mu }, 1e-6);
  taskValues('preference', preference);
  taskValues('ideal', ideal);
  return scalarization('smooth-tchebycheff', noParameters, (losses, _, present) => {
    const perTask = (name: string, values: readonly number[] | undefined, otherwise: number) => {
      if (values) assertShape([values.length], losses.shape, name);
      return values ? [...values] : otherwise;
    };
    const lacking = sub(presentLosses(losses, present), perTask('ideal', ideal, 0));
    const scaled = mul(mul(lacking, perTask('preference', preference, 1 / losses.size)), 1 / mu) as Tensor1D;
    // An absent task has no part in the maximum; with nobody present the total is 0.
    const total = sum(logSumExp(presentLosses(scaled, present, -1e30)));
    return mul(mul(total, mu), minimum(sum(present), 1));
  });
}
