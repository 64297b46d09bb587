import type { Params, Scalarization } from '@taskloom/core';
import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';

/** A scalarization that can be called without `present`, where every task is. Losses are float32 [tasks]; the caller owns the total. */
export interface TotalLoss<P extends Params = Params> extends Scalarization<P> {
  total(losses: Tensor1D, parameters: P, present?: Tensor1D): Scalar;
}

/** The parameters of a scalarization that has none. */
export type NoParameters = Record<string, never>;
