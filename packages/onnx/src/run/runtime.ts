import type { HostArray } from '@taskloom/core';

/** Who executes ONNX models: onnxruntime-node, onnxruntime-web, or a worker that has one of them. */
export interface Runtime {
  readonly name: string;
  load(model: Uint8Array): Promise<LoadedModel>;
}

export interface LoadedModel {
  /** Feeds are read, not kept; results are new arrays. */
  run(feeds: { readonly [name: string]: HostArray }): Promise<{ readonly [name: string]: HostArray }>;
  release(): Promise<void>;
}
