import { z } from 'zod';

/** Of more unknown keys than these only the number is told. */
export const namedKeys = 100;

/** An object that knows all its keys: an unknown one is an error that names the nearest known one. */
export function strictObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const keys = issue.keys as string[];
      const named = keys.slice(0, namedKeys);
      return named.map((key) => `Unknown key '${key}'.${suggestion(key, Object.keys(shape))}`).join(' ');
    },
  });
}

/** One of a few words; a misspelt one is answered by the nearest. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: (issue) => wrongWord(issue.input, words) });
}

/** Objects that differ by the word at `key`. */
export function variants<
  Key extends string,
  const Options extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(key: Key, words: readonly string[], options: Options) {
  return z.discriminatedUnion(key, options, {
    error: (issue) => {
      if (issue.code !== 'invalid_union') return undefined;
      const input = issue.input as Readonly<Record<string, unknown>> | null | undefined;
      return wrongWord(typeof input === 'object' && input !== null ? input[key] : undefined, words);
    },
  });
}

function wrongWord(input: unknown, words: readonly string[]): string {
  const known = words.map((word) => `'${word}'`).join(', ');
  if (input === undefined) return `Missing. It is one of ${known}.`;
  if (typeof input !== 'string') return `It must be one of ${known}.`;
  return `'${input}' is none of ${known}.${suggestion(input, words)}`;
}

/** " Did you mean 'x'?" for the candidate within an edit distance of a third of the word, else nothing. */
export function suggestion(word: string, candidates: readonly string[]): string {
  if (word.length > 100) return '';
  const folded = word.toLowerCase().replace(/[_-]/g, '');
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(folded, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.ceil(Math.max(folded.length, candidate.length) / 3)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0] ? ` Did you mean '${ranked[0].candidate}'?` : '';
}

/** Damerau–Levenshtein distance (adjacent transpositions count once). */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}
