import type { HostArray } from '@taskloom/core';
import type { Programs } from './kept-programs';

/** Who executes ONNX models, and keeps arrays for them: onnxruntime-node or onnxruntime-web on this thread, or a worker that has it. */
export interface Runtime {
  readonly name: string;
  /** ONNX Runtime's. */
  readonly version: string;
  /** A model by its bytes, which go to the runtime, or by the path of its file. */
  load(model: Uint8Array<ArrayBuffer> | string, options: SessionOptions): Promise<LoadedModel>;
  /** Threads of a model with work to share, where the session's options name no number. Without it ONNX Runtime chooses. */
  readonly threads?: number;
  /** Where there are any: what became of former traces. */
  readonly programs?: Programs;
  /** Takes arrays over, to where the models run: their owner may not use them any more. */
  hold(arrays: readonly HostArray[]): Promise<readonly Held[]>;
  /** Copies of held arrays. */
  read(held: readonly Held[]): Promise<readonly HostArray[]>;
  free(held: readonly Held[]): void;
  dispose(): Promise<void>;
}

/** ONNX Runtime's session options, as plain data. */
export type SessionOptions = { readonly [name: string]: unknown };

/** An array that stays where the models run; only its runtime knows more. */
export interface Held {
  readonly held: number;
}

export interface LoadedModel {
  /** Feeds are read, not kept. Of the outputs, `keep` stay with the runtime and `read` come back as new arrays; a name may be in both. */
  run(
    feeds: Iterable<readonly [name: string, HostArray | Held]>,
    keep: readonly string[],
    read: readonly string[],
  ): Promise<{ readonly kept: ReadonlyMap<string, Held>; readonly read: ReadonlyMap<string, HostArray> }>;
  release(): Promise<void>;
}

/**
 * Of ONNX Runtime's own passes those that a compiled step does without. A sum and its layer normalisation take 25 µs apart and 100 together, on [64, 256]; and where a
 * step makes an array again (`rematerialized`), sharing common sub-expressions would keep it. A trace shares them itself.
 */
export const ownOptimizers = {
  optimization: { disable_specified_optimizers: 'SkipLayerNormFusion;CommonSubexpressionElimination' },
};
