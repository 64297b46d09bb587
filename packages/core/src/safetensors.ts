import { TaskloomError } from './error';
import { floatsOfBfloat16, floatsOfHalf } from './half';
import { type Branch, type HostArray, hostArray, isHostArray } from './host-array';
import { unflatten } from './params';
import { elementSize, parseHeader } from './safetensors-header';

/** The dtypes of the format that are read and written here. */
export type SafetensorsType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I8' | 'U8' | 'BOOL';

/** One array of a file: row-major; F16 and BF16 as the raw 16-bit words, BOOL as bytes 0 and 1. */
export interface StoredArray {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;
}

export interface SafetensorsFile {
  /** In the order of the header. */
  readonly tensors: Map<string, StoredArray>;
  readonly metadata: { readonly [key: string]: string };
}

const views = {
  F64: Float64Array,
  I64: BigInt64Array,
  F32: Float32Array,
  I32: Int32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export interface SafetensorsOptions {
  /** F16 and BF16 arrays come as F32. Default false: as they are. */
  readonly halfAsFloat?: boolean;
}

/**
 * Reads a safetensors file: 8 bytes of header length, a JSON header, the data. The arrays are copies. Throws `file_corrupt`, naming the place, unless
 * every length fits: no name twice, no gap, no overlap, nothing after the last array, shapes and dtypes that make up exactly their bytes. Allocates no
 * more than the file is long (twice that with `halfAsFloat`), whatever its header claims.
 */
export function readSafetensors(bytes: Uint8Array, { halfAsFloat = false }: SafetensorsOptions = {}): SafetensorsFile {
  const { entries, metadata, dataStart } = parseHeader(bytes);
  const tensors = new Map<string, StoredArray>();
  for (const { name, dtype, shape, begin, end } of entries) {
    // A copy starts at offset 0 of its own buffer, so that alignment is never a question.
    const own = bytes.slice(dataStart + begin, dataStart + end);
    if (dtype === 'BOOL' && own.some((byte) => byte > 1))
      throw new TaskloomError('file_corrupt', `The safetensors array '${name}' is BOOL and holds something else than 0 and 1.`, { name });
    const data = new views[dtype](own.buffer, own.byteOffset, own.byteLength / elementSize[dtype]);
    if (halfAsFloat && data instanceof Uint16Array)
      tensors.set(name, { dtype: 'F32', shape, data: dtype === 'F16' ? floatsOfHalf(data) : floatsOfBfloat16(data) });
    else tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata };
}

/**
 * A safetensors file of named arrays: the header padded to 8 bytes, arrays in order of falling element size and then of name, so that each is aligned.
 * Host arrays become F32, I32 and BOOL. Throws `bad_name` for a name given twice, `shape_mismatch` where data and shape differ.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, HostArray | StoredArray]>,
  { metadata = {} }: { readonly metadata?: { readonly [key: string]: string } } = {},
): Uint8Array {
  const all = [...tensors].map(([name, array]) => ({ name, ...stored(array) }));
  all.sort((a, b) => elementSize[b.dtype] - elementSize[a.dtype] || (a.name < b.name ? -1 : 1));
  const names = new Set<string>();
  const entries: string[] = Object.keys(metadata).length === 0 ? [] : [`"__metadata__":${JSON.stringify(metadata)}`];
  let offset = 0;
  for (const { name, dtype, shape, data } of all) {
    if (names.has(name) || name === '__metadata__' || !isWellFormed(name))
      throw new TaskloomError('bad_name', `'${name}' cannot name an array of this file.`, {
        name,
        remedy: 'Names are well-formed Unicode, each given once.',
      });
    names.add(name);
    const expected = shape.reduce((a, b) => a * b, 1);
    if (!(data instanceof views[dtype]) || data.length !== expected)
      throw new TaskloomError('shape_mismatch', `The data of '${name}' do not fit its dtype and shape.`, {
        name,
        expected: `${dtype} [${shape.join(', ')}]: ${expected} elements in a ${views[dtype].name}`,
        got: `${data.length} elements in a ${data.constructor.name}`,
      });
    // The pairs by hand: an object would put names like "1" first.
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, offset + data.byteLength] })}`);
    offset += data.byteLength;
  }
  const header = new TextEncoder().encode(`{${entries.join(',')}}`);
  const dataStart = 8 + Math.ceil(header.length / 8) * 8;
  const out = new Uint8Array(dataStart + offset).fill(0x20, 0, dataStart);
  new DataView(out.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  out.set(header, 8);
  let at = dataStart;
  for (const { data } of all) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

/** The arrays as a tree, names split at '/'; throws `bad_dtype` for what a backend does not hold (F64, I64, I8, unconverted halves). */
export function hostTree(tensors: ReadonlyMap<string, StoredArray>): Branch<HostArray> {
  return unflatten<HostArray>([...tensors].map(([name, array]) => [name, toHostArray(array, name)] as const));
}

/** F32, I32 and BOOL as host arrays; throws `bad_dtype` for the others. */
export function toHostArray({ dtype, shape, data }: StoredArray, name = 'array'): HostArray {
  if (dtype === 'F32' || dtype === 'I32' || dtype === 'BOOL') return hostArray(data as HostArray['data'], shape);
  throw new TaskloomError('bad_dtype', `'${name}' cannot be given to a backend.`, {
    name,
    expected: 'F32, I32 or BOOL',
    got: dtype,
    remedy: 'Read with { halfAsFloat: true } for F16 and BF16, or convert the data.',
  });
}

function stored(array: HostArray | StoredArray): StoredArray {
  if (!isHostArray(array) || !['float32', 'int32', 'bool'].includes(array.dtype)) return array as StoredArray;
  return { dtype: array.dtype === 'float32' ? 'F32' : array.dtype === 'int32' ? 'I32' : 'BOOL', shape: array.shape, data: array.data };
}

/** Whether UTF-8 can hold the text: no half of a surrogate pair alone. */
function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}
