import { byPresence } from './present-tasks';
import { filled, plus } from './vectors';

/** Of the losses of each task so far. */
export interface LossSums {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

export function noLosses(tasks: number): LossSums {
  return { sums: filled(tasks, 0), counts: filled(tasks, 0) };
}

/** With the losses of the present tasks that count, as far as they are finite. */
export function withLosses(
  { sums, counts }: LossSums,
  losses: Float64Array,
  present: Float64Array,
  counting: (i: number) => boolean = () => true,
): LossSums {
  const seen = byPresence(present, (i) => Number(Number.isFinite(losses[i]) && counting(i)));
  return { sums: byPresence(seen, (i) => sums[i]! + losses[i]!, sums), counts: plus(counts, seen) };
}
