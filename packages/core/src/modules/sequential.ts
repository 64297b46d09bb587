import { add, type Tensor } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import type { Json } from '../host-array';
import type { Context, Module } from '../module';
import type { Params } from '../params';

/** Any module, for constraints. */
export type AnyModule = Module<never, unknown>;
type InputOf<M> = M extends Module<infer I, unknown> ? I : never;
type OutputOf<M> = M extends Module<never, infer O> ? O : never;
type ParamsOf<M> = M extends { init(random: never): infer P extends Params } ? P : never;
type Last<L extends readonly unknown[]> = L extends readonly [...unknown[], infer E] ? E : L[number];
type Indexed<L extends readonly AnyModule[]> = { readonly [K in keyof L & `${number}`]: ParamsOf<L[K]> };
type Named<R extends Readonly<Record<string, AnyModule>>> = { readonly [K in keyof R & string]: ParamsOf<R[K]> };

/**
 * One module after another: y = m_n(… m_2(m_1(x))). The parameters are those of the parts under their names, `'0'`, `'1'`, … for a list.
 * Of named modules the order of insertion counts (names that look like whole numbers are refused: JavaScript would reorder them).
 */
export function sequential<const L extends readonly [AnyModule, ...AnyModule[]]>(
  modules: L,
): Module<InputOf<L[0]>, OutputOf<Last<L>>, Indexed<L>>;
export function sequential(modules: readonly Module<Tensor, Tensor>[]): Module<Tensor, Tensor>;
export function sequential<R extends Readonly<Record<string, Module<Tensor, Tensor>>>>(modules: R): Module<Tensor, Tensor, Named<R>>;
export function sequential(modules: readonly AnyModule[] | Readonly<Record<string, AnyModule>>): Module<never, unknown> {
  const parts = namedParts(modules) as (readonly [string, Module<unknown, unknown>])[];
  const withBuffers = parts.filter(([, module]) => module.buffers);
  return {
    config: { module: 'sequential', modules: parts.map(([name, module]): Json => ({ name, config: module.config })) },
    init: (random) => Object.fromEntries(parts.map(([name, module]) => [name, module.init(random.fold(name))])),
    ...(withBuffers.length > 0 && { buffers: () => Object.fromEntries(withBuffers.map(([name, module]) => [name, module.buffers!()])) }),
    apply(params: Params, input: unknown, context: Context) {
      let value = input;
      for (const [name, module] of parts) value = module.apply((params[name] ?? {}) as Params, value, context.child(name));
      return value;
    },
  };
}

/** y = x + module(x); the parameters are the module's own. He et al. 2015, arXiv 1512.03385. */
export function residual<P extends Params>(module: Module<Tensor, Tensor, P>): Module<Tensor, Tensor, P> {
  return {
    config: { module: 'residual', inner: module.config },
    init: (random) => module.init(random),
    ...(module.buffers && { buffers: () => module.buffers!() }),
    apply: (params, x, context) => add(x, module.apply(params, x, context)),
  };
}

function namedParts(modules: readonly AnyModule[] | Readonly<Record<string, AnyModule>>): (readonly [string, AnyModule])[] {
  if (Array.isArray(modules)) return (modules as readonly AnyModule[]).map((module, i) => [String(i), module] as const);
  const parts = Object.entries(modules as Readonly<Record<string, AnyModule>>);
  const numeric = parts.find(([name]) => /^\d+$/.test(name));
  if (numeric)
    throw new TaskloomError('bad_name', `'${numeric[0]}' cannot name a part of a sequence.`, {
      name: numeric[0],
      remedy: 'Use a word, or pass a list.',
    });
  return parts;
}
