import type { Json } from '@taskloom/core';

/** A config as JSON: options that are `undefined` are left out. */
export function jsonOf(kind: string, options: object): Json {
  return Object.fromEntries([['kind', kind], ...Object.entries(options).filter(([, value]) => value !== undefined)]) as Json;
}
