import {
  add,
  div,
  exp,
  log as logOf,
  maximum,
  minimum,
  mul,
  onesLike,
  type Scalar,
  sub,
  sum,
  type Tensor1D,
  tidy,
} from '@tensorflow/tfjs-core';
import { presence, presentLosses } from './present-losses';
import type { NoParameters, TotalLoss } from './total-loss';

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
  return {
    kind: 'scalarization',
    name: 'gls',
    needs: ['losses'],
    init: () => ({}),
    total: (losses, _, present) =>
      tidy(() => {
        // An absent task is log 1, and with nobody present the total is 0.
        const neutral = sub(onesLike(losses), epsilon) as Tensor1D;
        const logs = logOf(add(presentLosses(losses, present, neutral), epsilon));
        const count = sum(presence(losses, present));
        return mul(exp(div(sum(logs), maximum(count, 1))), minimum(count, 1)) as Scalar;
      }),
  };
}
