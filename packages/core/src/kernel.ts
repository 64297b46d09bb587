import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

/** A tensor's values inside a kernel: without `readSync` where the backend keeps them on the host, since a tracer's `readSync` refuses. */
export function readInKernel(backend: unknown, info: TensorInfo): Float32Array | Int32Array | Uint8Array {
  const kept = (backend as { data?: { get(id: object): { values?: ArrayBufferView } | undefined } }).data;
  const values = typeof kept?.get === 'function' ? kept.get(info.dataId)?.values : undefined;
  return (values ?? (backend as KernelBackend).readSync(info.dataId)) as Float32Array;
}
