import { TaskloomError } from '@taskloom/core/host';

export interface SubwordTagsOptions {
  /** What the further sub-words of a word get: `continue`, the I- tag of its label; `ignore`, null, so that only a word's first sub-word counts. @default 'continue' */
  readonly further?: 'continue' | 'ignore';
}

/** BIO tags of words as tags of their sub-words, `words` as of `encodeWords` or `wordsOfTokens`. Null (a target of −1) where a token belongs to no word. */
export function subwordTags(
  tags: readonly string[],
  words: ArrayLike<number>,
  { further = 'continue' }: SubwordTagsOptions = {},
): (string | null)[] {
  return Array.from({ length: words.length }, (_, i) => {
    const word = words[i]!;
    if (word < 0) return null;
    const tag = tags[word];
    if (tag === undefined)
      throw new TaskloomError('shape_mismatch', 'A sub-word belongs to a word that has no tag.', {
        name: 'tags',
        got: tags.length,
        expected: `a tag for word ${word}`,
      });
    if (i === 0 || words[i - 1] !== word) return tag;
    return further === 'ignore' ? null : tag.replace(/^B-/, 'I-');
  });
}

/** Tags of sub-words as tags of `count` words: each has that of its first sub-word; O where it has none. */
export function wordTags(tags: readonly (string | null)[], words: ArrayLike<number>, count: number): string[] {
  const out = new Array<string | null>(count).fill(null);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word >= 0 && word < count) out[word] ??= tags[i] ?? null;
  }
  return out.map((tag) => tag ?? 'O');
}

/** For each token of a running text the word in which it begins, both by their offsets into that text; −1 where it begins in none. */
export function wordsOfTokens(offsets: Int32Array, wordOffsets: Int32Array): Int32Array {
  const words = new Int32Array(offsets.length / 2).fill(-1);
  let word = 0;
  for (let i = 0; i < words.length; i++) {
    const start = offsets[2 * i]!;
    if (offsets[2 * i + 1]! <= start) continue;
    while (word > 0 && wordOffsets[2 * word]! > start) word--;
    while (2 * word < wordOffsets.length && wordOffsets[2 * word + 1]! <= start) word++;
    if (2 * word < wordOffsets.length && wordOffsets[2 * word]! <= start) words[i] = word;
    else word = Math.min(word, wordOffsets.length / 2 - 1);
  }
  return words;
}
