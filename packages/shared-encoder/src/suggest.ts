import { TaskloomError } from '@taskloom/core';

/** Throws `unknown_<what>` unless `name` is one of `known`; the message names the nearest one. */
export function assertKnown(what: 'task' | 'head' | 'trunk' | 'pooling', name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const near = nearest(name, known);
  throw new TaskloomError(`unknown_${what}`, `There is no ${what} '${name}'.`, {
    name,
    expected: known.length === 0 ? `a ${what}, but there is none` : `one of ${known.join(', ')}`,
    remedy: near === undefined ? undefined : `Did you mean '${near}'?`,
  });
}

/** The candidate at the smallest edit distance, if it is near enough to be a slip of the pen (at most a third of the letters, or 2). */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
