import type { LossWeighting, Params, Scalarization } from '@taskloom/core';
import { ones, type Scalar, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';

/** A scalarization that can be called without `present`, where every task is. Losses are float32 [tasks]; the caller owns the total. */
export interface TotalLoss<P extends Params = Params> extends Scalarization<P> {
  total(losses: Tensor1D, parameters: P, present?: Tensor1D): Scalar;
}

/** The parameters of a scalarization that has none. */
export type NoParameters = Record<string, never>;

/** A total that also gives its derivatives ∂total/∂Lᵢ on the host, so that it can weigh gradients at hand; its state is its parameters, none. */
export interface WeighingTotal extends TotalLoss<NoParameters> {
  readonly weigh: LossWeighting<NoParameters>['weigh'];
}

/** A scalarization from its formula. */
export function scalarization<P extends Params>(
  name: string,
  init: (tasks: readonly string[]) => P,
  formula: (losses: Tensor1D, parameters: P, present: Tensor1D) => Tensor,
): TotalLoss<P> {
  return {
    kind: 'scalarization',
    name,
    needs: ['losses'],
    init,
    total: (losses, parameters, present) => tidy(() => formula(losses, parameters, present ?? ones([losses.size])) as Scalar),
  };
}

export const noParameters = (): NoParameters => ({});
