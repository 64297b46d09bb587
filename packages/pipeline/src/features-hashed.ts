import { hashString } from '@taskloom/core';
import { hashedFeatures } from '@taskloom/text';
import type { Document } from './document';
import type { Features } from './features';
import type { FeaturesConfig } from './schema';

type HashedConfig = Extract<FeaturesConfig, { kind: 'hashed' }>;

/** Ids for the form of a word, after those of n-grams. */
export const shapeIds = 512;

/** Bags `words` (with bigrams), `characters` and `openings`, those of them that the config asks for. */
export function hashedBags(config: HashedConfig): Features {
  const hasher = makeHasher(config);
  const names = hashedNames(config);
  const sizes = Object.fromEntries(names.map((name) => [name, hasher.maxima[name] + 1]));
  return {
    shape: { bags: sizes },
    state: null,
    encode(document) {
      const all = hasher.bags(cut(document, config.maxTokens));
      return {
        length: Math.min(document.words.length, config.maxTokens),
        ids: Object.fromEntries(names.map((name) => [name, all[name]])),
      };
    },
  };
}

/** The names of the bags that features make of a text. */
export function bagNames(features: FeaturesConfig): readonly string[] {
  if (features.kind === 'hashed') return hashedNames(features);
  return features.kind === 'vocabulary' ? ['words'] : ['ids'];
}

function hashedNames({ words, characters, openings }: HashedConfig) {
  const there = { words, characters: characters !== false, openings: openings > 0 };
  return (['words', 'characters', 'openings'] as const).filter((name) => there[name]);
}

/** Per token its word, its form ("Xxx", "dd-dd") and its character n-grams; if there are too many n-grams, evenly spaced ones from the first to the last. */
export function hashedTokens(config: HashedConfig): Features {
  const hasher = makeHasher(ofTokens(config));
  const { perToken } = config;
  const cache = new Map<string, Int32Array>();
  const tokenIds = (word: string): Int32Array => {
    const known = cache.get(word);
    if (known) return known;
    const [all] = hasher.tokens([word]);
    const own = config.words ? [all![0]!] : [];
    const shape = hasher.maxima.ids + 1 + ((hashString(formOf(word)) >>> 0) % shapeIds);
    const grams = all!.subarray(1);
    const room = Math.max(0, perToken - own.length - 1);
    const chosen =
      grams.length <= room
        ? [...grams]
        : Array.from({ length: room }, (_, i) => grams[Math.round((i * (grams.length - 1)) / Math.max(1, room - 1))]!);
    const ids = new Int32Array(perToken);
    ids.set([...own, shape, ...chosen].slice(0, perToken));
    if (cache.size > 100_000) cache.clear();
    cache.set(word, ids);
    return ids;
  };
  return {
    shape: { tokens: { size: hasher.maxima.ids + 1 + shapeIds, perToken } },
    state: null,
    encode(document) {
      const words = document.words.slice(0, config.maxTokens);
      const ids = new Int32Array(words.length * perToken);
      for (const [i, word] of words.entries()) ids.set(tokenIds(word), i * perToken);
      return { length: words.length, ids: { ids } };
    },
  };
}

/** Capitals X, small letters x, digits d, runs of more than three cut to three: "Müller" → "Xxxx", "TL-12245" → "XX-ddd". */
export function formOf(word: string): string {
  return word
    .replace(/\p{Lu}/gu, 'X')
    .replace(/[\p{L}\p{M}]/gu, (letter) => (letter === 'X' ? letter : 'x'))
    .replace(/\p{N}/gu, 'd')
    .replace(/(X|x|d)\1{3,}/g, '$1$1$1');
}

/** Tokens are hashed one by one: nothing is made of two. */
export function ofTokens(config: HashedConfig): HashedConfig {
  return { ...config, bigrams: false, start: false, acrossWords: false, openings: 0 };
}

/** What FEATURES.md of @taskloom/text says how to follow. */
export function hashingOf(config: HashedConfig) {
  return makeHasher(config).config;
}

function makeHasher(config: HashedConfig) {
  return hashedFeatures({
    buckets: config.buckets,
    wordNgrams: config.bigrams ? 2 : 1,
    characters: config.characters === false ? null : config.characters,
    start: config.start,
    acrossWords: config.acrossWords && config.characters !== false,
    openings: config.openings,
    signed: config.signed,
    variationSelectors: config.variationSelectors,
    lowercase: config.lowercase,
  });
}

/** The text up to the end of its last word that counts. */
function cut(document: Document, maxTokens: number): string {
  return document.words.length <= maxTokens ? document.text : document.text.slice(0, document.ends[maxTokens - 1]);
}
