import type { StepLogs } from './types';

/** What a Gramian says of a step's tasks. */
export type Conflict = Pick<StepLogs, 'cosines' | 'conflict'>;

/** Cosines of the pairs of present tasks whose gradients are not zero; without such a pair there is nothing to say. */
export function conflictOf(gramian: Float64Array, tasks: readonly string[], present: Float64Array): Conflict {
  const square = (i: number) => gramian[i * tasks.length + i]!;
  const seen = tasks.flatMap((_, i) => (present[i]! > 0 && square(i) > 0 ? [i] : []));
  const cosines: Record<string, Record<string, number>> = {};
  let [pairs, negative] = [0, 0];
  for (const [k, i] of seen.entries()) {
    for (const j of seen.slice(k + 1)) {
      const cosine = Math.min(1, Math.max(-1, gramian[i * tasks.length + j]! / Math.sqrt(square(i)) / Math.sqrt(square(j))));
      cosines[tasks[i]!] = { ...cosines[tasks[i]!], [tasks[j]!]: cosine };
      pairs++;
      if (cosine < 0) negative++;
    }
  }
  return pairs === 0 ? {} : { cosines, conflict: negative / pairs };
}
