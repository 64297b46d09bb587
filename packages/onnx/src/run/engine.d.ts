import type { HostArray } from '@taskloom/core';

/** What of ONNX Runtime is used: the same in onnxruntime-node and onnxruntime-web. */
export interface OrtModule {
  readonly env: { readonly versions: { readonly node?: string; readonly web?: string; readonly common: string } };
  readonly InferenceSession: { create(model: never, options: never): Promise<unknown> };
  readonly Tensor: abstract new (...of: never) => unknown;
}

export interface RunRequest {
  readonly given: readonly (readonly [name: string, HostArray])[];
  readonly held: readonly (readonly [name: string, number: number])[];
  readonly keep: readonly (readonly [name: string, number: number])[];
  readonly read: readonly string[];
}

/** Models and arrays by numbers that the caller chooses. The arrays that it holds are its own: it frees their memory. */
export interface Engine {
  load(id: number, model: Uint8Array | string, options: object): Promise<void>;
  run(id: number, request: RunRequest): Promise<HostArray[]>;
  release(id: number): Promise<void>;
  /** The first by this number, the others by the following ones. */
  hold(first: number, arrays: readonly HostArray[]): void;
  read(numbers: readonly number[]): HostArray[];
  free(numbers: readonly number[]): void;
}

export function engine(ort: OrtModule): Engine;
