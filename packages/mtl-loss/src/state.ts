import { type Json, TaskloomError } from '@taskloom/core';

const arrays = { Float64Array, Float32Array, Int32Array, Uint8Array } as const;
/** The numbers that JSON does not have. */
const numbers: readonly unknown[] = ['NaN', 'Infinity', '-Infinity', '-0'];

/**
 * A balancer's state as JSON, and back without loss: typed arrays, NaN, the infinities and −0 come back as they were (JSON alone loses all of
 * them). What has no JSON form is an object with one name that begins with '$'; a name of the state's own that does so gets one more.
 */
export function encodeState(state: unknown): Json {
  if (state === null || typeof state === 'string' || typeof state === 'boolean') return state;
  if (typeof state === 'number') {
    const special = numbers.find((name) => Object.is(Number(name), state)) as string | undefined;
    return special ? { $number: special } : state;
  }
  if (Array.isArray(state)) return state.map(encodeState);
  if (typeof state === 'object') {
    for (const [name, type] of Object.entries(arrays))
      if (state instanceof type) return { [`$${name}`]: Array.from(state as Float64Array, encodeState) };
    if (Object.getPrototypeOf(state) === Object.prototype || Object.getPrototypeOf(state) === null)
      return Object.fromEntries(
        Object.entries(state).map(([name, value]) => [name.startsWith('$') ? `$${name}` : name, encodeState(value)]),
      );
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
  const entries = Object.entries(json as { readonly [name: string]: Json });
  const special = entries.find(([name]) => /^\$(?!\$)/.test(name));
  if (!special)
    return Object.fromEntries(entries.map(([name, value]) => [name.startsWith('$') ? name.slice(1) : name, decodeState(value)]));
  const [name, value] = special;
  const type = name.slice(1);
  if (entries.length === 1) {
    if (type === 'number' && numbers.includes(value)) return Number(value);
    if (Object.hasOwn(arrays, type) && Array.isArray(value)) {
      const decoded = value.map(decodeState);
      if (decoded.every((one) => typeof one === 'number')) return arrays[type as keyof typeof arrays].from(decoded);
    }
  }
  throw new TaskloomError('bad_state', `'${name}' is not a balancer state's.`, {
    name,
    remedy: 'Give decodeState only what encodeState has returned.',
  });
}
