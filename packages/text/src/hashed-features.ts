import { hashString, TaskloomError } from '@taskloom/core/host';
import { bucketOf, characterHashes, joinWords, spanningHashes } from './ngram-hashes';
import { normalizeToken, withoutSelectors, wordPieces } from './words';

export interface HashedFeaturesOptions {
  /** Size of the id range: one number, halved between words and characters (all for words where `characters` is null) and an eighth as many for `openings`; or each by itself. @default 2 ** 18 */
  readonly buckets?: number | { readonly words: number; readonly characters: number; readonly openings?: number };
  /** Sequences of 1 … `wordNgrams` words are features. @default 2 */
  readonly wordNgrams?: number;
  /** Shortest and longest character n-gram of `<word>`, in code points; null for none. @default [3, 6] */
  readonly characters?: readonly [number, number] | null;
  /** Of `bag` and `bags`: what a text begins with, its first word and its first two, counts as features of its own. @default false */
  readonly start?: boolean;
  /** Of `bag` and `bags`: character n-grams of the text, its words one space apart, that reach over a space. @default false */
  readonly acrossWords?: boolean;
  /** Of `bag` and `bags`: the first word together with each of the next so many, features of their own; 0 for none. @default 0 */
  readonly openings?: number;
  /** A hash bit gives each feature a sign, carried by the sign of its id: collisions then cancel on average (Weinberger et al. 2009, arXiv 0902.2206). @default false */
  readonly signed?: boolean;
  /** Variation selectors (U+FE00 … U+FE0F) are part of the words; else they are left out, and with them words that are nothing else: what stays of an emoji that was taken out. @default true */
  readonly variationSelectors?: boolean;
  /** @default true */
  readonly lowercase?: boolean;
  /** @default 'NFKC' */
  readonly normalization?: 'NFC' | 'NFKC' | null;
}

/** All that determines the ids, as JSON; `FEATURES.md` specifies what each field means. */
export interface HashedFeaturesConfig {
  readonly kind: 'hashedFeatures';
  /** 2 where `start` or `acrossWords` is set, which version 1 does not have; 3 where `openings` is, or `variationSelectors` is false. */
  readonly version: 1 | 2 | 3;
  readonly buckets: { readonly words: number; readonly characters: number; readonly openings?: number };
  readonly wordNgrams: number;
  readonly characters: readonly [number, number] | null;
  readonly start?: boolean;
  readonly acrossWords?: boolean;
  readonly openings?: number;
  readonly signed: boolean;
  readonly variationSelectors?: false;
  readonly lowercase: boolean;
  readonly normalization: 'NFC' | 'NFKC' | null;
}

/** Ids are 1 … maximum, or −maximum … −1 as well when signed; 0 is never given and stays padding. */
export interface HashedFeatures {
  readonly config: HashedFeaturesConfig;
  /** Largest |id|: `ids` of `bag` and `tokens`, the others of `bags`. */
  readonly maxima: { readonly ids: number; readonly words: number; readonly characters: number; readonly openings: number };
  /** All features of a text in one id range: words 1 … W, characters W + 1 … W + C, openings W + C + 1 … W + C + O. */
  bag(text: string): Int32Array;
  /** The same features in ranges of their own, for an embedding table each: words and word n-grams 1 … W, character n-grams 1 … C, openings 1 … O. */
  bags(text: string): { readonly words: Int32Array; readonly characters: Int32Array; readonly openings: Int32Array };
  /** Per word its own id, then its character n-grams, in the range of `bag`: rows for `padTokenIds`. */
  tokens(words: readonly string[]): Int32Array[];
}

/** Words a cache holds before it starts anew: some ten megabytes. */
const cacheSize = 1 << 16;
const none = new Int32Array(0);
/** In front of the words that a text begins with. */
const emptyHash = hashString('');

/**
 * Hashed n-gram features after fastText: words, word n-grams and character n-grams, hashed into a fixed range, so that there is no vocabulary to keep and
 * no unknown word (Joulin et al. 2017, arXiv 1607.01759; Bojanowski et al. 2017, arXiv 1607.04606). Words are those of `wordTokens`.
 */
export function hashedFeatures(options: HashedFeaturesOptions | HashedFeaturesConfig = {}): HashedFeatures {
  const config = completeConfig(options);
  const { wordNgrams, characters, start = false, acrossWords = false, openings = 0, signed, variationSelectors = true } = config;
  const { words: wordBuckets, characters: characterBuckets, openings: openingBuckets = 0 } = config.buckets;
  const cache = new Map<string, Word>();
  const encoder = new TextEncoder();

  /** By the word as it stands in the text, so that a known word costs one look-up and no normalisation. */
  function lookUp(piece: string): Word {
    const known = cache.get(piece);
    if (known) return known;
    const word = normalizeToken(variationSelectors ? piece : withoutSelectors(piece), config);
    const hash = hashString(word);
    const grams = characters ? characterHashes(encoder.encode(`<${word}>`), characters[0], characters[1]) : new Int32Array(0);
    for (let i = 0; i < grams.length; i++) grams[i] = bucketOf(grams[i]!, characterBuckets, signed);
    const found = { normal: word, hash, id: bucketOf(hash, wordBuckets, signed), grams };
    if (piece.length <= 64) {
      if (cache.size >= cacheSize) cache.clear();
      cache.set(piece, found);
    }
    return found;
  }

  function shift(id: number, by = wordBuckets): number {
    return id < 0 ? id - by : id + by;
  }

  function wordsOf(text: string): Word[] {
    const words = wordPieces(text).map(lookUp);
    return variationSelectors ? words : words.filter(({ normal }) => normal !== '');
  }

  function wordIds(words: readonly Word[], out: Int32Array): void {
    let at = 0;
    for (const word of words) out[at++] = word.id;
    for (let first = 0; first < words.length; first++) {
      let h = words[first]!.hash;
      for (let n = 2; n <= wordNgrams && first + n <= words.length; n++) {
        h = joinWords(h, words[first + n - 1]!.hash);
        out[at++] = bucketOf(h, wordBuckets, signed);
      }
    }
    if (!start) return;
    let h = emptyHash;
    for (const { hash } of words.slice(0, 2)) {
      h = joinWords(h, hash);
      out[at++] = bucketOf(h, wordBuckets, signed);
    }
  }

  /** The character n-grams of each word, then those that reach over spaces. */
  function gramIds(words: readonly Word[]): Int32Array {
    const spanning = acrossWords && characters ? spanningIds(words, characters) : none;
    let count = spanning.length;
    for (const { grams } of words) count += grams.length;
    const out = new Int32Array(count);
    let at = 0;
    for (const { grams } of words) {
      out.set(grams, at);
      at += grams.length;
    }
    out.set(spanning, at);
    return out;
  }

  function spanningIds(words: readonly Word[], [shortest, longest]: readonly [number, number]): Int32Array {
    let text = ' ';
    for (const { normal } of words) text += `${normal} `;
    if (words.length === 0) text += ' ';
    const ids = spanningHashes(encoder.encode(text), shortest, longest);
    for (let i = 0; i < ids.length; i++) ids[i] = bucketOf(ids[i]!, characterBuckets, signed);
    return ids;
  }

  function openingIds(words: readonly Word[]): Int32Array {
    if (openings === 0) return none;
    const [first, ...others] = words.slice(0, openings + 1);
    return Int32Array.from(others, ({ hash }) => bucketOf(joinWords(first!.hash, hash), openingBuckets, signed));
  }

  function countWordIds(words: number): number {
    let count = start ? Math.min(words, 2) : 0;
    for (let n = 1; n <= wordNgrams; n++) count += Math.max(0, words - n + 1);
    return count;
  }

  return {
    config,
    maxima: {
      ids: wordBuckets + characterBuckets + openingBuckets,
      words: wordBuckets,
      characters: characterBuckets,
      openings: openingBuckets,
    },
    bag(text) {
      const words = wordsOf(text);
      const grams = gramIds(words);
      const ofOpenings = openingIds(words);
      let at = countWordIds(words.length);
      const out = new Int32Array(at + grams.length + ofOpenings.length);
      wordIds(words, out);
      for (const id of grams) out[at++] = shift(id);
      for (const id of ofOpenings) out[at++] = shift(id, wordBuckets + characterBuckets);
      return out;
    },
    bags(text) {
      const words = wordsOf(text);
      const ids = new Int32Array(countWordIds(words.length));
      wordIds(words, ids);
      return { words: ids, characters: gramIds(words), openings: openingIds(words) };
    },
    tokens(words) {
      return words.map((token) => {
        const { id, grams } = lookUp(token);
        const out = new Int32Array(1 + grams.length);
        out[0] = id;
        for (let i = 0; i < grams.length; i++) out[i + 1] = shift(grams[i]!);
        return out;
      });
    },
  };
}

/** What is kept of a word: how it is written, its hash (for word n-grams), its id, and the ids of its character n-grams in their own range. */
interface Word {
  readonly normal: string;
  readonly hash: number;
  readonly id: number;
  readonly grams: Int32Array;
}

function completeConfig(options: HashedFeaturesOptions | HashedFeaturesConfig): HashedFeaturesConfig {
  if (typeof options !== 'object' || options === null) invalid('hashedFeatures', options, 'an object');
  if ('kind' in options && options.kind !== 'hashedFeatures') invalid('kind', options.kind, 'hashedFeatures');
  if ('version' in options && ![1, 2, 3].includes(options.version)) invalid('version', options.version, '1, 2 or 3');
  const { buckets = 2 ** 18, wordNgrams = 2, characters = [3, 6], signed = false, lowercase = true, normalization = 'NFKC' } = options;
  const { start = false, acrossWords = false, openings = 0, variationSelectors = true } = options;
  if (!isCount(wordNgrams, 1, 8)) invalid('wordNgrams', wordNgrams, 'an integer from 1 to 8');
  if (characters !== null) {
    const [shortest, longest] = Array.isArray(characters) ? (characters as readonly number[]) : [];
    if (!isCount(shortest, 1, 32) || !isCount(longest, shortest as number, 32))
      invalid('characters', characters, '[shortest, longest] with 1 ≤ shortest ≤ longest ≤ 32, or null');
  }
  for (const [name, value] of Object.entries({ start, acrossWords, variationSelectors, signed, lowercase }))
    if (typeof value !== 'boolean') invalid(name, value, 'true or false');
  if (acrossWords && characters === null) invalid('acrossWords', acrossWords, 'false where there are no character n-grams');
  if (!isCount(openings, 0, 64)) invalid('openings', openings, 'an integer from 0 to 64');
  if (normalization !== null && normalization !== 'NFC' && normalization !== 'NFKC')
    invalid('normalization', normalization, 'NFC, NFKC or null');
  const given = typeof buckets === 'object' && buckets !== null ? buckets : divided(buckets as number, characters !== null);
  const sizes = {
    words: given.words,
    characters: characters ? given.characters : 0,
    ...(openings > 0 && { openings: given.openings as number }),
  };
  const fits = (size: unknown, asked: boolean) => isCount(size, asked ? 1 : 0, 2 ** 28);
  if (!fits(sizes.words, true) || !fits(sizes.characters, characters !== null) || !fits(sizes.openings ?? 0, openings > 0))
    invalid('buckets', buckets, 'integers from 1 to 2^28');
  return {
    kind: 'hashedFeatures',
    version: openings > 0 || !variationSelectors ? 3 : start || acrossWords ? 2 : 1,
    buckets: sizes,
    wordNgrams,
    characters: characters && [characters[0], characters[1]],
    ...((start || acrossWords || openings > 0) && { start, acrossWords }),
    ...(openings > 0 && { openings }),
    signed,
    ...(!variationSelectors && { variationSelectors }),
    lowercase,
    normalization,
  };
}

function divided(total: number, characters: boolean): Exclude<HashedFeaturesOptions['buckets'], number | undefined> {
  const half = characters ? Math.floor(total / 2) : 0;
  return { words: total - half, characters: half, openings: Math.ceil(total / 8) };
}

function isCount(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function invalid(name: string, got: unknown, expected: unknown): never {
  throw new TaskloomError('option_invalid', `'${name}' of hashed features is not usable.`, { name, got, expected });
}
