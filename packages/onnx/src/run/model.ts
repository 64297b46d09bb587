import { type HostArray, TaskloomError } from '@taskloom/core';
import type { Runtime, SessionOptions } from './runtime';

/** An ONNX model that can be asked. */
export interface OnnxModel {
  /** The arrays named in `outputs`, computed from all of the model's inputs. */
  run(inputs: { readonly [name: string]: HostArray }, outputs: readonly string[]): Promise<{ readonly [name: string]: HostArray }>;
  release(): Promise<void>;
}

/** Loads a model, by its bytes or the path of its file, on a runtime. Throws `file_corrupt`. */
export async function openOn(runtime: Runtime, model: Uint8Array | string, options: SessionOptions): Promise<OnnxModel> {
  // The runtime may take the bytes over.
  const own = typeof model === 'string' ? model : new Uint8Array(model);
  const loaded = await runtime.load(own, options).catch((cause: unknown) => {
    throw new TaskloomError('file_corrupt', `The model cannot be loaded: ${reason(cause)}`, { name: 'model', cause });
  });
  return {
    async run(inputs, outputs) {
      const { read } = await loaded.run(Object.entries(inputs), [], outputs).catch((cause: unknown) => {
        throw new TaskloomError('bad_input', `The model does not take this: ${reason(cause)}`, { name: 'inputs', cause });
      });
      return Object.fromEntries(read);
    },
    release: () => loaded.release(),
  };
}

function reason(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}
