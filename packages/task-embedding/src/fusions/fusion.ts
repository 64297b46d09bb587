import type { Module } from '@taskloom/core';
import { expandDims, type Tensor } from '@tensorflow/tfjs-core';

export interface FusionInput {
  /** `[rows, width]` or `[rows, T, width]`. */
  readonly hidden: Tensor;
  /** `[rows, taskWidth]`. */
  readonly task: Tensor;
}

/** A way to let a task vector e act on what a trunk says, h; the same on pooled vectors and on tokens. */
export interface Fusion extends Module<FusionInput, Tensor> {
  /** Last axis of what it returns. */
  readonly width: number;
}

export interface FusionOptions {
  /** Last axis of `hidden`. */
  readonly width: number;
  /** Last axis of `task`. */
  readonly taskWidth: number;
}

/** `[rows, d]` as `[rows, 1, d]` where `hidden` has time. */
export function alongTime(perRow: Tensor, { hidden, task }: FusionInput): Tensor {
  return hidden.rank > task.rank ? expandDims(perRow, -2) : perRow;
}
