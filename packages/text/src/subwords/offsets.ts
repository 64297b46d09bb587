import { isSpace } from './characters';
import type { RawToken } from './encoder';

/** What belongs to the character before it: marks, variation selectors, and the vowels and finals of Hangul syllables. */
const belongsBefore = /[\p{M}\p{Grapheme_Extend}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/**
 * Offsets as a reader wants them, `[start₀, end₀, …]`: those of the `tokenizers` library, but without white space at either end (where a token is more than
 * that), and with the marks behind a token that no token stands for, since a normaliser joined them to the character before or removed them.
 */
export function tokenOffsets(tokens: readonly RawToken[], texts: readonly [string, string]): Int32Array {
  const offsets = new Int32Array(2 * tokens.length);
  let limit = 0; // where the next token that begins elsewhere begins
  for (let i = tokens.length - 1; i >= 0; i--) {
    const { start, end, sequence } = tokens[i]!;
    if (sequence === -1) continue;
    const text = texts[sequence]!;
    const next = tokens[i + 1];
    if (next?.sequence !== sequence) limit = text.length;
    else if (next.start !== start) limit = next.start;
    let [from, to] = [start, end];
    while (from < to && isSpace(text[from]!)) from++;
    while (to > from && isSpace(text[to - 1]!)) to--;
    if (from === to) [from, to] = [start, end];
    else while (to < limit && belongsBefore.test(codePoint(text, to))) to += codePoint(text, to).length;
    offsets[2 * i] = from;
    offsets[2 * i + 1] = to;
  }
  return offsets;
}

function codePoint(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at)!);
}
