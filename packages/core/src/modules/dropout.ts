import { mul, type Tensor } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import type { Module } from '../module';
import type { Random } from '../random';

export type NoParams = Record<never, never>;

/**
 * Inverted dropout: in training y = x·m/(1 − rate) with m ~ Bernoulli(1 − rate) an element, drawn from the context's stream; else y = x.
 * Any shape. Under a leading task axis each task draws its own mask. Srivastava et al. 2014 (JMLR 15).
 */
export function dropout({ rate }: { readonly rate: number }): Module<Tensor, Tensor, NoParams> {
  assertRate(rate);
  return {
    config: { module: 'dropout', rate },
    init: () => ({}),
    apply: (_, x, context) => (context.training && rate > 0 ? drop(x, rate, context.random()) : x),
  };
}

/** x with each element kept with probability 1 − rate and divided by it; `shape` (default that of x) broadcasts the mask. */
export function drop(x: Tensor, rate: number, random: Random, shape: readonly number[] = x.shape): Tensor {
  return mul(x, mul(random.bernoulli(1 - rate, shape), 1 / (1 - rate)));
}

export function assertRate(rate: number): void {
  if (!(rate >= 0 && rate < 1))
    throw new TaskloomError('bad_option', 'A dropout rate is at least 0 and below 1.', { name: 'rate', got: rate });
}
