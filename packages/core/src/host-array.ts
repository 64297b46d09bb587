/** The dtypes that cross between host and backend. */
export type HostType = 'float32' | 'int32' | 'bool';

/** A tensor's values on the host: row-major, `data.length` = product of `shape`; bool is 0 or 1 in a Uint8Array. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly dtype: HostType;
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** A tree of named leaves, or one bare leaf. */
export type Tree<Leaf> = Leaf | Branch<Leaf>;
export type Branch<Leaf> = { readonly [name: string]: Tree<Leaf> };

/** Anything JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export function hostArray(data: HostArray['data'], shape: readonly number[] = [data.length]): HostArray {
  return { shape, dtype: data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool', data };
}

export function isHostArray(value: unknown): value is HostArray {
  return (
    typeof value === 'object' &&
    value !== null &&
    ArrayBuffer.isView((value as HostArray).data) &&
    Array.isArray((value as HostArray).shape)
  );
}
