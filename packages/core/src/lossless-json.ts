import { TaskloomError } from './error';
import type { Json } from './host-array';

const oddNumbers: readonly string[] = ['NaN', 'Infinity', '-Infinity', '-0'];
const arrays = { float64: Float64Array, float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;

/**
 * Plain data as JSON that reads back bit for bit: typed arrays, NaN, ±Infinity and −0, which JSON itself loses, become objects marked with `$`.
 * Finite numbers are written in their shortest form that parses to the same double.
 */
export function toLosslessJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: 'number', value: Object.is(value, -0) ? '-0' : String(value) };
  if (value === undefined) return { $: 'undefined' };
  for (const [name, type] of Object.entries(arrays)) {
    if (value instanceof type) return { $: name, values: Array.from(value, toLosslessJson) };
  }
  if (Array.isArray(value)) return value.map(toLosslessJson);
  if (typeof value === 'object' && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)) {
    const plain = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toLosslessJson(item)]));
    return '$' in plain ? { $: 'object', value: Object.entries(plain) } : plain;
  }
  throw new TaskloomError('not_serialisable', 'A state holds what a checkpoint cannot.', {
    got: typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value,
    expected: 'plain data and typed arrays',
  });
}

/** The inverse of `toLosslessJson`. Throws `file_corrupt` on what it did not write. */
export function fromLosslessJson(json: Json): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map((item: Json) => fromLosslessJson(item));
  const object = json as { readonly [key: string]: Json };
  if (!Object.hasOwn(object, '$')) return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, fromLosslessJson(item)]));
  const { $: kind, value, values, ...more } = object;
  if (Object.keys(more).length > 0) throw unknownKind(kind);
  if (kind === 'undefined') return undefined;
  if (kind === 'number' && typeof value === 'string' && oddNumbers.includes(value)) return Number(value);
  if (kind === 'object' && Array.isArray(value) && value.every(isEntry))
    return Object.fromEntries(value.map(([key, item]) => [key, fromLosslessJson(item)]));
  if (typeof kind === 'string' && Object.hasOwn(arrays, kind) && Array.isArray(values)) {
    const numbers = values.map((item: Json) => fromLosslessJson(item));
    const array = arrays[kind as keyof typeof arrays].from(numbers as number[]);
    // An element that the array type changes was never in one.
    if (numbers.every((number, i) => Object.is(number, array[i]))) return array;
  }
  throw unknownKind(kind);
}

function unknownKind(kind: Json | undefined): TaskloomError {
  return new TaskloomError('file_corrupt', 'A saved state holds an unknown kind of value.', { got: kind });
}

function isEntry(entry: Json): entry is [string, Json] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string';
}
