import { filled } from './vectors';

/** Of the losses of each task so far. */
export interface LossSums {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

export function noLosses(tasks: number): LossSums {
  return { sums: filled(tasks, 0), counts: filled(tasks, 0) };
}

/** With the losses of these tasks, as far as they are finite. */
export function withLosses(before: LossSums, losses: Float64Array, places: readonly number[]): LossSums {
  const [sums, counts] = [before.sums.slice(), before.counts.slice()];
  for (const i of places) {
    if (!Number.isFinite(losses[i])) continue;
    sums[i]! += losses[i]!;
    counts[i]! += 1;
  }
  return { sums, counts };
}
