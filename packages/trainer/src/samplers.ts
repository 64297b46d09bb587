import { TaskloomError } from '@taskloom/core';
import type { Sampler } from './types';

/** pₛ ∝ sizeₛ: every row is seen equally often. */
export function proportional(): Sampler {
  return { name: 'proportional', probabilities: (sizes) => normalised(sizes) };
}

/** pₛ = 1/S, whatever the sizes. */
export function uniform(): Sampler {
  return { name: 'uniform', probabilities: (sizes) => normalised(sizes.map((size) => Math.sign(size))) };
}

/**
 * pₛ ∝ sizeₛ^(1/T): T = 1 is proportional, T → ∞ uniform (Devlin's multilingual BERT; Arivazhagan et al. 2019, arXiv:1907.05019, who take T = 5).
 * Throws `bad_option` unless T > 0.
 */
export function temperature(T: number): Sampler {
  assertPositive('temperature', T);
  return { name: 'temperature', probabilities: (sizes) => normalised(sizes.map((size) => size ** (1 / T))) };
}

export interface AnnealedOptions {
  /** Temperature at the first draw. Default: 1. */
  readonly start?: number;
  /** Temperature at the last draw. Default: 5, the paper's α = 0.2. */
  readonly end?: number;
}

/**
 * pₛ ∝ sizeₛ^α with α = 1/T falling linearly from 1/start to 1/end over training: first the large sources, later all of them alike
 * (Stickland & Murray 2019, arXiv:1902.02671: α = 1 − 0.8 (e − 1)/(E − 1)).
 */
export function annealed({ start = 1, end = 5 }: AnnealedOptions = {}): Sampler {
  assertPositive('start', start);
  assertPositive('end', end);
  return {
    name: 'annealed',
    probabilities(sizes, draw, draws) {
      const done = draws > 1 ? Math.min(1, draw / (draws - 1)) : 0;
      const alpha = 1 / start + (1 / end - 1 / start) * done;
      return normalised(sizes.map((size) => (size > 0 ? size ** alpha : 0)));
    },
  };
}

/** One source after the other, empty ones left out; the probabilities are 0 and 1. */
export function roundRobin(): Sampler {
  return {
    name: 'roundRobin',
    probabilities(sizes, draw) {
      const filled = sizes.flatMap((size, i) => (size > 0 ? [i] : []));
      const turn = filled[draw % filled.length];
      return normalised(sizes.map((_, i) => (i === turn ? 1 : 0)));
    },
  };
}

export interface UniMaxOptions {
  /** Passes over one source at most. Default: 4. */
  readonly maxEpochs?: number;
  /** Rows drawn in all. Default: draws × batch size. */
  readonly budget?: number;
}

/**
 * As uniform as it can be without passing over a source more than `maxEpochs` times: from the smallest source up, each gets an equal share of
 * what is left of the budget, or maxEpochs · sizeₛ if that is less (Chung et al. 2023, UniMax, arXiv:2304.09151).
 */
export function uniMax({ maxEpochs = 4, budget }: UniMaxOptions = {}): Sampler {
  assertPositive('maxEpochs', maxEpochs);
  if (budget !== undefined) assertPositive('budget', budget);
  return {
    name: 'uniMax',
    probabilities(sizes, _, draws, batchSize) {
      let left = budget ?? draws * batchSize;
      const rows = new Array<number>(sizes.length).fill(0);
      const ascending = sizes.map((_, i) => i).sort((a, b) => sizes[a]! - sizes[b]! || a - b);
      ascending.forEach((source, rank) => {
        rows[source] = Math.min(left / (sizes.length - rank), maxEpochs * sizes[source]!);
        left -= rows[source]!;
      });
      return normalised(rows);
    },
  };
}

function normalised(shares: readonly number[]): Float64Array {
  const total = shares.reduce((a, b) => a + b, 0);
  if (!(total > 0))
    throw new TaskloomError('no_rows', 'There is no row to draw.', { name: 'train', remedy: 'Give at least one source with a row in it.' });
  return Float64Array.from(shares, (share) => share / total);
}

function assertPositive(name: string, value: number): void {
  if (!(value > 0)) throw new TaskloomError('bad_option', `'${name}' must be positive.`, { name, expected: '> 0', got: value });
}
