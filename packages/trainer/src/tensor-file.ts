import { type Branch, flatten, type HostArray, hostArray, TaskloomError, unflatten } from '@taskloom/core';

const types = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
const arrays = { F32: Float32Array, I32: Int32Array, BOOL: Uint8Array } as const;

/** A tree as one safetensors file. */
export function writeTensors(tree: Branch<HostArray>): Uint8Array {
  const header: Record<string, unknown> = {};
  let offset = 0;
  const leaves = [...flatten(tree)];
  for (const [path, { dtype, shape, data }] of leaves) {
    header[path] = { dtype: types[dtype], shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + padded + offset).fill(32, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(text, 8);
  let position = 8 + padded;
  for (const [, { data }] of leaves) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

export function readTensors(file: Uint8Array): Branch<HostArray> {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
    string,
    { dtype: 'F32' | 'I32' | 'BOOL'; shape: number[]; data_offsets: [number, number] }
  >;
  return unflatten(
    Object.entries(header).map(([path, { dtype, shape, data_offsets }]) => {
      const bytes = file.slice(8 + length + data_offsets[0], 8 + length + data_offsets[1]);
      if (!(dtype in arrays)) throw new TaskloomError('file_corrupt', `'${path}' has an unknown type.`, { name: path, got: dtype });
      const leaf = hostArray(new arrays[dtype](bytes.buffer), shape);
      return [path, leaf] as const;
    }),
  );
}
