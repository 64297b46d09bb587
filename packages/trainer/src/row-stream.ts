import { type HostRandom, hostRandom } from '@taskloom/core';
import type { Sampler, Source } from './types';

/** Rows drawn so far from each source, and draws: all that a resumed run needs, for order and choice are functions of the seed and these counts. */
export interface RowStreamState {
  readonly draws: number;
  readonly rows: { readonly [source: string]: number };
}

export interface RowStreamOptions {
  readonly sources: readonly Source[];
  readonly sampler: Sampler;
  readonly seed: number | string;
  /** Draws of the whole training, for samplers that change over it. */
  readonly draws: number;
  readonly batchSize: number;
}

/** Chooses a source, then its next rows: without replacement within an epoch of that source, each epoch in another order. */
export interface RowStream {
  /** A source chosen by the sampler. */
  next(): { readonly source: string; readonly rows: Int32Array };
  /** The next rows of a source chosen by the caller. */
  take(source: string): { readonly source: string; readonly rows: Int32Array };
  state(): RowStreamState;
  load(state: RowStreamState): void;
  /** How often each source was passed over. */
  effectiveEpochs(): { [source: string]: number };
}

export function rowStream({ sources, sampler, seed, draws, batchSize }: RowStreamOptions): RowStream {
  const random = hostRandom(seed).fold('rows');
  const sizes = sources.map((source) => source.size);
  const orders = new Map<string, EpochOrder>();
  for (const source of sources) if (source.size > 0) orders.set(source.name, epochOrder(random.fold(source.name), source.size));
  let drawn = 0;
  let rows: Record<string, number> = Object.fromEntries(sources.map((source) => [source.name, 0]));

  const take = (source: string) => {
    const start = rows[source]!;
    const order = orders.get(source)!;
    rows = { ...rows, [source]: start + batchSize };
    return { source, rows: Int32Array.from({ length: batchSize }, (_, i) => order(start + i)) };
  };

  return {
    next() {
      const probabilities = sampler.probabilities(sizes, drawn, draws, batchSize);
      const choice = chosen(probabilities, random.fold('source').fold(drawn).uniform(1)[0]!);
      drawn++;
      return take(sources[choice]!.name);
    },
    take,
    state: () => ({ draws: drawn, rows }),
    load(state) {
      drawn = state.draws;
      rows = { ...rows, ...state.rows };
    },
    effectiveEpochs: () => Object.fromEntries(sources.map(({ name, size }) => [name, size > 0 ? rows[name]! / size : 0])),
  };
}

type EpochOrder = (position: number) => number;

/** The row at a position of the endless sequence of shuffled epochs. */
function epochOrder(random: HostRandom, size: number): EpochOrder {
  let current = -1;
  let order = new Int32Array(0) as Int32Array;
  return (position) => {
    const epoch = Math.floor(position / size);
    if (epoch !== current) {
      order = random.fold(epoch).permutation(size);
      current = epoch;
    }
    return order[position % size]!;
  };
}

/** The index in whose interval of the cumulative probabilities u ∈ [0, 1) falls; never one of probability 0. */
function chosen(probabilities: Float64Array, u: number): number {
  let cumulative = 0;
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    if (probabilities[i] === 0) continue;
    cumulative += probabilities[i]!;
    last = i;
    if (u < cumulative) return i;
  }
  return last;
}
