import type { TensorInfo } from '@tensorflow/tfjs-core';

/** The result of a kernel that computes on the host. */
export function written(backend: unknown, values: Float32Array | Int32Array, shape: readonly number[]): TensorInfo {
  const dtype = values instanceof Float32Array ? 'float32' : 'int32';
  const dataId = (backend as { write(values: ArrayBufferView, shape: number[], dtype: string): object }).write(values, [...shape], dtype);
  return { dataId, shape: [...shape], dtype };
}
