/** Something that can be timed: milliseconds of `count` steps. */
export interface Contender {
  readonly name: string;
  round(count: number): Promise<number[]>;
}

export interface Timing {
  readonly name: string;
  /** Median over the rounds of each round's median. */
  readonly median: number;
  readonly minimum: number;
}

/** Runs the contenders in turn, round after round, so that what disturbs the machine disturbs all of them. */
export async function interleaved(contenders: readonly Contender[], { rounds = 7, steps = 5 } = {}): Promise<Timing[]> {
  const medians = contenders.map(() => [] as number[]);
  const minima = contenders.map(() => Number.POSITIVE_INFINITY);
  for (const contender of contenders) await contender.round(2);
  for (let round = 0; round < rounds; round++)
    for (const [i, contender] of contenders.entries()) {
      const times = await contender.round(steps);
      medians[i]!.push(median(times));
      minima[i] = Math.min(minima[i]!, ...times);
    }
  return contenders.map(({ name }, i) => ({ name, median: median(medians[i]!), minimum: minima[i]! }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A contender from one step of ours. */
export function timed(name: string, step: () => Promise<unknown>): Contender {
  return {
    name,
    async round(count) {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        const start = performance.now();
        await step();
        times.push(performance.now() - start);
      }
      return times;
    },
  };
}
