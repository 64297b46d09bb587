import '@tensorflow/tfjs-backend-cpu';
import { fromBinary } from '@bufbuild/protobuf';
import { type HostArray, hostArray, hostRandom, mapTree, readTree, type Tree, toTensor } from '@taskloom/core';
import { setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { ModelProtoSchema } from 'onnx-buf';
import { expect } from 'vitest';
import { type ExportOptions, exportOnnx } from '../../src/export/export-onnx';

export type Predict = Parameters<typeof exportOnnx>[0];
export interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { dims: readonly number[]; type: string; data: ArrayLike<number> }>>;
  release(): Promise<void>;
}
/** What onnxruntime-node and onnxruntime-web have in common. */
export interface Ort {
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<unknown> };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => unknown;
}

/** Exports on cpu. */
export async function exported(predict: Predict, options: ExportOptions): Promise<Uint8Array> {
  await setBackend('cpu');
  return exportOnnx(predict, options);
}

export async function runModel(
  ort: Ort,
  model: Uint8Array,
  feeds: { readonly [name: string]: HostArray },
): Promise<Record<string, HostArray>> {
  const session = (await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 })) as Session;
  const given = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, data, shape }]) => [name, new ort.Tensor(dtype, data, shape)]),
  );
  const results = await session.run(given);
  const arrays = Object.fromEntries(
    Object.entries(results).map(([name, { dims, type, data }]) => [name, { shape: dims, dtype: type, data } as unknown as HostArray]),
  );
  await session.release();
  return arrays;
}

export async function eagerly(predict: Predict, feeds: { readonly [name: string]: HostArray }): Promise<Record<string, HostArray>> {
  await setBackend('cpu');
  const outputs = tidy(() => predict(mapTree(feeds, toTensor) as { [name: string]: Tensor }));
  const read = (await readTree(outputs)) as Tree<HostArray>;
  const flat: Record<string, HostArray> = {};
  mapTree(read, (leaf, path) => {
    flat[path || 'output'] = leaf as HostArray;
  });
  return flat;
}

/** The same names, shapes, types; values within the tolerance, relative to 1 + |value|. */
export function expectClose(got: Record<string, HostArray>, wanted: Record<string, HostArray>, tolerance = 1e-5): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, leaf] of Object.entries(wanted)) {
    const mine = got[name]!;
    expect({ name, shape: [...mine.shape], dtype: mine.dtype }).toEqual({ name, shape: [...leaf.shape], dtype: leaf.dtype });
    for (let i = 0; i < leaf.data.length; i++)
      if (!(Math.abs(mine.data[i]! - leaf.data[i]!) <= tolerance * (1 + Math.abs(leaf.data[i]!))))
        expect.fail(`${name}[${i}]: ${mine.data[i]}, eagerly ${leaf.data[i]}`);
  }
}

/** The operators of a model, in order. */
export function operators(model: Uint8Array): string[] {
  return fromBinary(ModelProtoSchema, model).graph!.node.map(({ opType }) => opType);
}

export const normal = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);
export const integers = (seed: string, below: number, ...shape: number[]) =>
  hostArray(
    Int32Array.from(hostRandom(seed).uniform(shape.reduce((a, b) => a * b, 1)), (u) => Math.floor(u * below)),
    shape,
  );
export const tensor = (seed: string, ...shape: number[]) => toTensor(normal(seed, ...shape));
