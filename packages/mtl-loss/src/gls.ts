import { checkNumbers } from '@taskloom/core';
import { div, exp, maximum, minimum, mul, sum } from '@tensorflow/tfjs-core';
import { logLosses } from './present-losses';
import { type NoParameters, noParameters, scalarization, type TotalLoss } from './total-loss';

export interface GlsOptions {
  /** ε added to each loss, so that a loss of 0 has a finite logarithm and gradient. Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * The geometric mean (Π Lᵢ)^(1/T) of the present tasks' losses (S. Chennupati et al. 2019, arXiv 1904.08492): ∂/∂Lᵢ = total/(T Lᵢ), so that the scale
 * of one loss changes the length of the gradient and never its direction. For losses that are ≥ 0; as `log`, but the step shrinks with the
 * losses. Cost F + B.
 */
export function gls({ epsilon = 1e-8 }: GlsOptions = {}): TotalLoss<NoParameters> {
  checkNumbers({ epsilon }, 0);
  return scalarization('gls', noParameters, (losses, _, present) => {
    // With nobody present the total is 0.
    const count = sum(present);
    return mul(exp(div(sum(logLosses(losses, present, epsilon)), maximum(count, 1))), minimum(count, 1));
  });
}
