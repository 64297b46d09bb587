import type { Executor } from '@taskloom/core';
import { onThisThread } from './run/client';
import { type CompileOptions, compiling } from './run/executor';
import { missingPackage } from './run/missing-package';
import { type OnnxModel, openOn } from './run/model';
import { checkOptions } from './run/options';
import { ownOptimizers, type Runtime } from './run/runtime';

export { type ExportOptions, exportOnnx, type InputSpec } from './export/export-onnx';
export { readOnnxMetadata } from './export/metadata';
export type { CompileOptions } from './run/executor';
export type { OnnxModel } from './run/model';
export type { CompileWarning } from './run/shapes';

export interface OrtWebOptions extends CompileOptions {
  /** Threads of one step where the page is cross-origin isolated; elsewhere there is one. Default 'auto': as many as there are cores. */
  readonly threads?: 'auto' | number;
  /** Where onnxruntime-web's .wasm file is served from, if not beside its script: the folder's URL, or the files' URLs. */
  readonly wasmPaths?: string | { readonly wasm?: string | URL; readonly mjs?: string | URL };
}

/**
 * `ort()` for browsers: runs steps on onnxruntime-web (WebAssembly), which must be installed beside this package. The calling thread is blocked while
 * a graph runs: pages call it in a worker of theirs. `threads` and `wasmPaths` hold for the whole page and are those of the first step compiled. Throws `bad_option`.
 */
export function ortWeb(options: OrtWebOptions = {}): Executor {
  checkOptions(options, ['threads', 'wasmPaths', 'shapes', 'onWarning']);
  const { threads = 'auto', wasmPaths } = options;
  return compiling('ort-web', () => webRuntime(threads, wasmPaths), sessionOptions, options);
}

const sessionOptions = {
  executionProviders: ['wasm'],
  graphOptimizationLevel: 'all',
  executionMode: 'sequential',
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: ownOptimizers,
};

/** Opens an ONNX model by its bytes on onnxruntime-web. Throws `missing_package`, `file_corrupt`, `bad_option`. */
export async function openModel(model: Uint8Array, options: Pick<OrtWebOptions, 'threads' | 'wasmPaths'> = {}): Promise<OnnxModel> {
  checkOptions(options, ['threads', 'wasmPaths']);
  const { threads = 'auto', wasmPaths } = options;
  return openOn(await webRuntime(threads, wasmPaths), model, sessionOptions);
}

/** Whether `ortWeb()` can run here: onnxruntime-web is installed and loads. */
export async function isInstalled(): Promise<boolean> {
  return import('onnxruntime-web/wasm').then(
    () => true,
    () => false,
  );
}

async function webRuntime(threads: 'auto' | number, wasmPaths: OrtWebOptions['wasmPaths']): Promise<Runtime> {
  const ort = await import('onnxruntime-web/wasm').catch((cause: unknown) => {
    throw missingPackage('onnxruntime-web', cause);
  });
  const { wasm } = ort.env;
  wasm.numThreads = !globalThis.crossOriginIsolated ? 1 : threads === 'auto' ? navigator.hardwareConcurrency : threads;
  if (wasmPaths !== undefined) wasm.wasmPaths = wasmPaths;
  return onThisThread('onnxruntime-web', ort);
}
