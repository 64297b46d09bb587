import { type Json, type Module, type Params, type Random, TaskloomError } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Modules by name, all from one kind of input to one width. */
export type Experts = { readonly [name: string]: Module<Tensor, Tensor> };

/** One branch of parameters an expert; each depends on the stream and its own name only. */
export function initExperts(experts: Experts, random: Random): Params {
  return Object.fromEntries(Object.entries(experts).map(([name, expert]) => [name, expert.init(random.fold(name))]));
}

export function expertConfigs(experts: Experts): Json {
  return Object.fromEntries(Object.entries(experts).map(([name, expert]) => [name, expert.config]));
}

/** The names, in the order in which routers count; throws `bad_option` unless there are `count` of them. */
export function expertNames(experts: Experts, count = Object.keys(experts).length): string[] {
  const names = Object.keys(experts);
  if (names.length === 0 || names.length !== count)
    throw new TaskloomError('bad_option', 'The router and the experts do not fit.', {
      name: 'experts',
      expected: Math.max(count, 1),
      got: names.length,
    });
  const numeric = names.find((name) => /^\d+$/.test(name));
  if (numeric !== undefined)
    throw new TaskloomError('bad_name', `'${numeric}' cannot name an expert.`, {
      name: numeric,
      remedy: 'Use a word: JavaScript would reorder numbers.',
    });
  return names;
}
