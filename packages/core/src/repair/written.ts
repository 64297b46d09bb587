import type { TensorInfo } from '@tensorflow/tfjs-core';

/** A float32 result of a kernel that computes on the host. */
export function written(backend: unknown, values: Float32Array, shape: readonly number[]): TensorInfo {
  const dataId = (backend as { write(values: Float32Array, shape: number[], dtype: string): object }).write(values, [...shape], 'float32');
  return { dataId, shape: [...shape], dtype: 'float32' };
}
