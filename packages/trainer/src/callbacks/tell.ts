import type { Callback } from '../types';

type Arguments<K extends keyof Callback> = Parameters<NonNullable<Callback[K]>>;

/** Calls one method of all callbacks, one after the other. */
export async function tell<K extends keyof Callback>(callbacks: readonly Callback[], name: K, ...args: Arguments<K>): Promise<void> {
  for (const callback of callbacks)
    await (callback[name] as ((...args: Arguments<K>) => void | Promise<void>) | undefined)?.apply(callback, args);
}
