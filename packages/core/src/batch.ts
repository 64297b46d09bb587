import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { HostArray, Tree } from './host-array';

/** One task's part of a batch. */
export interface TaskRows<Leaf = Tensor> {
  /** int32 [m]: which rows of the inputs. */
  readonly index: Leaf extends Tensor ? Tensor1D : HostArray;
  /** int32 [m]: the second text of a pair. */
  readonly pair?: Leaf extends Tensor ? Tensor1D : HostArray;
  /** What the head's loss expects, first axis m. */
  readonly target: Tree<Leaf>;
  /** float32 [m]: 0 marks a missing label or padding. */
  readonly weight: Leaf extends Tensor ? Tensor1D : HostArray;
}

/**
 * What one step sees. It names every task, each time: a task that is absent has weight 0 throughout, so that shapes, and with them traces,
 * do not change from step to step.
 */
export interface Batch<Leaf = Tensor> {
  /** First axis N, the rows that the trunk encodes once. */
  readonly inputs: Tree<Leaf>;
  readonly tasks: { readonly [task: string]: TaskRows<Leaf> };
}

/** The same, still on the host. */
export type HostBatch = Batch<HostArray>;
