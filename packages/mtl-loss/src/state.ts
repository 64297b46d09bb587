import { type Json, TaskloomError } from '@taskloom/core';

const arrays = { Float64Array, Float32Array, Int32Array, Uint8Array } as const;

/**
 * A balancer's state as JSON, and back without loss: typed arrays, NaN, the infinities and −0 come back as they were (JSON alone loses all of
 * them). What has no JSON form is an object with one name that begins with '$'; a plain object with such names is wrapped.
 */
export function encodeState(state: unknown): Json {
  if (state === null || typeof state === 'string' || typeof state === 'boolean') return state;
  if (typeof state === 'number')
    return Number.isFinite(state) && !Object.is(state, -0) ? state : { $number: Object.is(state, -0) ? '-0' : String(state) };
  if (Array.isArray(state)) return state.map(encodeState);
  if (typeof state === 'object') {
    for (const [name, type] of Object.entries(arrays))
      if (state instanceof type) return { [`$${name}`]: Array.from(state as Float64Array, encodeState) };
    if (Object.getPrototypeOf(state) === Object.prototype || Object.getPrototypeOf(state) === null) {
      const encoded = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, encodeState(value)]));
      return Object.keys(state).some((name) => name.startsWith('$')) ? { $object: Object.entries(encoded) } : encoded;
    }
  }
  throw new TaskloomError('bad_state', 'A balancer state holds something that cannot be written.', {
    got: typeof state === 'object' ? (state as object).constructor?.name : typeof state,
    expected: 'null, booleans, numbers, strings, typed arrays, and arrays and plain objects of them',
  });
}

/** The inverse of `encodeState`. Throws `bad_state` on JSON that it did not write. */
export function decodeState(json: Json): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map(decodeState);
  const [name, ...others] = Object.keys(json);
  if (!name?.startsWith('$')) return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, decodeState(value as Json)]));
  const value = (json as { readonly [key: string]: Json })[name]!;
  if (others.length === 0) {
    if (name === '$number' && typeof value === 'string' && ['NaN', 'Infinity', '-Infinity', '-0'].includes(value)) return Number(value);
    const type = arrays[name.slice(1) as keyof typeof arrays];
    if (Object.hasOwn(arrays, name.slice(1)) && Array.isArray(value)) {
      const numbers = value.map(decodeState);
      if (numbers.every((number) => typeof number === 'number')) return type.from(numbers as number[]);
    }
    if (name === '$object' && Array.isArray(value) && value.every((entry) => Array.isArray(entry) && typeof entry[0] === 'string'))
      return Object.fromEntries(value.map((entry) => [(entry as Json[])[0] as string, decodeState((entry as Json[])[1]!)]));
  }
  throw new TaskloomError('bad_state', `'${name}' is not a balancer state's.`, {
    name,
    remedy: 'Give decodeState only what encodeState has returned.',
  });
}
