import { TaskloomError } from './error';
import type { SafetensorsType } from './safetensors';

export interface HeaderEntry {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** Bytes from the start of the data. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: { readonly [key: string]: string };
  readonly dataStart: number;
}

/** Bytes per element. */
export const elementSize: { readonly [T in SafetensorsType]: number } = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** The header of a safetensors file, checked against the length of the file; throws `file_corrupt`. */
export function parseHeader(bytes: Uint8Array): Header {
  if (bytes.length < 8) throw corrupt('is shorter than its 8 bytes of header length', bytes.length);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) throw corrupt('says that its header is longer than the file', String(length));
  const dataStart = 8 + Number(length);
  const json = parse(bytes.subarray(8, dataStart));
  const metadata: Record<string, string> = Object.create(null);
  const entries: HeaderEntry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name !== '__metadata__') {
      entries.push(entry(name, value));
      continue;
    }
    if (!isObject(value)) throw corrupt("has a '__metadata__' that is not an object", value);
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== 'string') throw corrupt(`has metadata '${key}' that is not a string`, text);
      metadata[key] = text;
    }
  }
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) throw corrupt(`has ${begin < covered ? 'an overlap' : 'a gap'} before '${name}'`, begin, covered);
    covered = end;
  }
  if (covered !== bytes.length - dataStart) throw corrupt('holds more or fewer bytes than its arrays', bytes.length - dataStart, covered);
  return { entries, metadata, dataStart };
}

function entry(name: string, value: unknown): HeaderEntry {
  if (!isObject(value)) throw corrupt(`describes '${name}' with something that is not an object`, value);
  const { dtype, shape, data_offsets: offsets, ...rest } = value;
  const size = typeof dtype === 'string' && Object.hasOwn(elementSize, dtype) ? elementSize[dtype as SafetensorsType] : undefined;
  if (size === undefined) throw corrupt(`has an unknown dtype for '${name}'`, dtype, Object.keys(elementSize).join(' '));
  if (!isCounts(shape)) throw corrupt(`has a bad shape for '${name}'`, shape, 'whole numbers ≥ 0');
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) throw corrupt(`has bad data_offsets for '${name}'`, offsets);
  if (Object.keys(rest).length > 0) throw corrupt(`says more about '${name}' than the format has`, Object.keys(rest));
  const [begin, end] = offsets as [number, number];
  if (product([...shape, size]) !== end - begin)
    throw corrupt(`gives '${name}' a shape that does not make up its bytes`, `${dtype} [${shape.join(', ')}] in ${end - begin} bytes`);
  return { name, dtype: dtype as SafetensorsType, shape, begin, end };
}

/** The product, or NaN where it is not exact. */
function product(factors: readonly number[]): number {
  if (factors.includes(0)) return 0;
  let total = 1;
  for (const factor of factors) {
    total *= factor;
    if (!Number.isSafeInteger(total)) return Number.NaN;
  }
  return total;
}

function parse(header: Uint8Array): { readonly [name: string]: unknown } {
  if (header[0] !== 0x7b) throw corrupt("has a header that does not start with '{'", header.length === 0 ? 'nothing' : header[0]);
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
    value = JSON.parse(text);
  } catch (cause) {
    throw new TaskloomError('file_corrupt', 'The safetensors header is not JSON in UTF-8.', { name: 'header', cause });
  }
  if (!isObject(value)) throw corrupt('has a header that is not an object', typeof value);
  refuseDuplicates(text);
  return value;
}

/** JSON.parse keeps the last of two equal keys and reads 1e1 as 10; walks through what is known to be JSON and refuses both. */
function refuseDuplicates(text: string): void {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '{') open.push(new Set());
    else if (character === '}') open.pop();
    else if (character === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      let next = i + 1;
      while (' \n\r\t'.includes(text[next] ?? '.')) next++;
      if (text[next] !== ':') continue;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      const keys = open[open.length - 1]!;
      if (keys.has(key)) throw corrupt(`names '${key}' twice`, key);
      keys.add(key);
    } else if (!'[],: \n\r\t0123456789'.includes(character))
      throw corrupt('has a number that is not a plain whole number, or a literal', character);
  }
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function corrupt(what: string, got: unknown, expected?: unknown): TaskloomError {
  return new TaskloomError('file_corrupt', `The safetensors file ${what}.`, {
    name: 'safetensors',
    got: typeof got === 'bigint' ? String(got) : got,
    expected,
  });
}
