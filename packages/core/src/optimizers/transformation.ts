import type { Scalar } from '@tensorflow/tfjs-core';
import type { Params } from '../params';

/** What one step tells an optimiser, as tensors: a compiled step takes them as inputs. Both float32 []; `step` counts from 0. */
export interface StepInfo {
  readonly step: Scalar;
  readonly learningRate: Scalar;
}

/**
 * A pure piece of an optimiser: it turns gradients into updates, which are *added* to the parameters (`applyUpdates`). State is a tree of
 * tensors under the parameters' own names, so that a checkpoint loads on any executor. Pieces compose by `chain`.
 */
export interface Optimizer<S extends Params = Params> {
  init(params: Params): S;
  update<P extends Params>(gradients: P, state: S, params: P, info: StepInfo): { updates: P; state: S };
}
