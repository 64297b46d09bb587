/** How a token is made from what stands in the text. Offsets always point into the text as it was given. */
export interface NormalizationOptions {
  /** Lower-case each token (the default locale of Unicode). @default false */
  readonly lowercase?: boolean;
  /** Unicode normalisation form of each token. @default null */
  readonly normalization?: 'NFC' | 'NFKC' | null;
}

export interface WordTokens {
  readonly tokens: string[];
  /** `[start₀, end₀, start₁, end₁, …]` in UTF-16 units of the given text: `text.slice(start, end)` is what the token was made from. */
  readonly offsets: Int32Array;
}

/**
 * Letters, marks and digits, joined by single inner punctuation (`don't`, `3.14`, `2024-05-01`, `a@b.org`); every other visible character by itself.
 * The joiners are disjoint from what they join, so that matching takes linear time.
 */
const word = /[\p{L}\p{M}\p{N}]+(?:['’._\-/:,@][\p{L}\p{M}\p{N}]+)*|[^\s]/gu;

/** The pattern of a word (flags `gu`), for those who split elsewhere as `wordTokens` does. */
export function wordPattern(): string {
  return word.source;
}

/** Splits `text` into words, numbers and single other characters, left to right. Nothing but white space is left out. */
export function wordTokens(text: string, options: NormalizationOptions = {}): WordTokens {
  const pieces = wordPieces(text);
  const offsets = new Int32Array(2 * pieces.length);
  let end = 0;
  pieces.forEach((piece, i) => {
    const start = text.indexOf(piece, end); // only white space is in between
    end = start + piece.length;
    offsets[2 * i] = start;
    offsets[2 * i + 1] = end;
  });
  return { tokens: pieces.map((piece) => normalizeToken(piece, options)), offsets };
}

/** The words as they stand in the text. */
export function wordPieces(text: string): string[] {
  return text.match(word) ?? [];
}

/** Unicode normalisation first, then lower case. */
export function normalizeToken(token: string, { lowercase = false, normalization = null }: NormalizationOptions): string {
  const normal = normalization === null ? token : token.normalize(normalization);
  return lowercase ? normal.toLowerCase() : normal;
}

/** Variation selectors say how the character before them looks (the red heart is a black one and U+FE0F). */
const selectors = /[\uFE00-\uFE0F]/g;

/** A word without variation selectors; empty where it was nothing else. */
export function withoutSelectors(token: string): string {
  return token.replace(selectors, '');
}
