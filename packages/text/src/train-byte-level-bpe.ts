import { type Json, TaskloomError } from '@taskloom/core/host';
import { textChunks } from './lines';
import type { TextChunks } from './rows';
import { byteCharacters, byteLevel, byteLevelWords } from './subwords/byte-level';
import { type CountedWords, PairMerges } from './subwords/pair-merges';

export interface BpeTrainingProgress {
  readonly stage: 'reading' | 'merging';
  /** UTF-16 units read, or tokens in the vocabulary. */
  readonly done: number;
  /** Of so many tokens; unknown while reading. */
  readonly total?: number;
}

export interface BpeTrainingOptions {
  /** Tokens at most, the special ones and the alphabet included. @default 30000 */
  readonly vocabularySize?: number;
  /** Pairs met less often are not merged. @default 2 */
  readonly minimumFrequency?: number;
  /** Given the first ids, in this order. @default none */
  readonly specialTokens?: readonly string[];
  /** `bytes`: all 256, so that nothing is ever unknown; `seen`: those that the texts hold. @default 'bytes' */
  readonly alphabet?: 'bytes' | 'seen';
  /** Bytes kept at most where the alphabet is `seen`; the rarest go, of equally rare ones the later. @default no limit */
  readonly limitAlphabet?: number;
  /** Tokens of three bytes and more are shorter than this. @default no limit */
  readonly maximumTokenLength?: number;
  /** Whether a space stands before a text that does not begin with one. @default false */
  readonly addPrefixSpace?: boolean;
  /** Unicode normalisation form of the texts, in training and of the tokeniser made. @default null */
  readonly normalization?: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' | null;
  /** Called some twenty times a second at most. */
  readonly onProgress?: (progress: BpeTrainingProgress) => void;
  /** Stops the training: its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Trains byte-level byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909; Radford et al. 2019) and gives a `tokenizer.json`. On the same texts the
 * vocabulary, the merges and so all ids are those of the trainer of `tokenizers`; the same texts in another order give the same. `texts` are cut into words
 * each by itself: for what `tokenizers` makes of a file take `linesWithEndings`. Lets other work go on about twenty times a second.
 */
export async function trainByteLevelBpe(texts: Iterable<string> | AsyncIterable<string>, options: BpeTrainingOptions = {}): Promise<Json> {
  const { vocabularySize = 30_000, minimumFrequency = 2, specialTokens = [], addPrefixSpace = false, normalization = null } = options;
  for (const [name, value] of Object.entries({ vocabularySize, minimumFrequency }))
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 24)
      throw new TaskloomError('option_invalid', `'${name}' is not usable.`, {
        name,
        got: value,
        expected: 'an integer from 0 to 2^24 − 1',
      });
  const pause = pacer(options);
  const counts = new Map<string, number>();
  let read = 0;
  for await (const given of texts) {
    const normal = normalization ? given.normalize(normalization) : given;
    const text = addPrefixSpace && normal !== '' && !normal.startsWith(' ') ? ` ${normal}` : normal;
    for (const word of text.match(byteLevelWords) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    read += given.length;
    await pause('reading', read);
  }
  const names = [...new Set(specialTokens)];
  const ids = new Map(names.map((name, id) => [name, id]));
  const idOf = (name: string) => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    ids.set(name, names.length);
    return names.push(name) - 1;
  };
  for (const char of alphabetOf(counts, options)) idOf(char);
  const pairs = new PairMerges(wordsOf(counts, ids), options.maximumTokenLength);
  counts.clear();
  const merges = new Map<string, [string, string]>();
  while (names.length < vocabularySize) {
    const pair = pairs.next(minimumFrequency);
    if (!pair) break;
    const merge: [string, string] = [names[pair.left]!, names[pair.right]!];
    const key = merge.join(' ');
    merges.delete(key); // made twice where a token can be made in two ways: the later place counts
    merges.set(key, merge);
    pairs.merge(pair.left, pair.right, idOf(merge.join('')), pair.words);
    await pause('merging', names.length, vocabularySize);
  }
  return tokenizerJson(names, [...merges.values()], { specialTokens, addPrefixSpace, normalization });
}

/** Lines with their line feeds, as `tokenizers` reads a file for training. */
export async function* linesWithEndings(chunks: TextChunks): AsyncGenerator<string> {
  let held = '';
  for await (const chunk of textChunks(chunks)) {
    let start = 0;
    for (let end = chunk.indexOf('\n') + 1; end > 0; end = chunk.indexOf('\n', start) + 1) {
      yield held + chunk.slice(start, end);
      held = '';
      start = end;
    }
    held += chunk.slice(start);
  }
  if (held !== '') yield held;
}

/** Reports and lets other work go on, if the last time is long enough ago. */
function pacer({
  onProgress,
  signal,
}: BpeTrainingOptions): (stage: BpeTrainingProgress['stage'], done: number, total?: number) => Promise<void> | undefined {
  signal?.throwIfAborted();
  let last = performance.now();
  return (stage, done, total) => {
    if (performance.now() - last < 50) return undefined;
    onProgress?.({ stage, done, ...(total === undefined ? {} : { total }) });
    return new Promise((resolve) => setTimeout(resolve)).then(() => {
      signal?.throwIfAborted();
      last = performance.now();
    });
  };
}

function alphabetOf(words: ReadonlyMap<string, number>, { alphabet = 'bytes', limitAlphabet }: BpeTrainingOptions): string[] {
  if (alphabet === 'bytes') return [...byteCharacters].sort();
  const seen = new Map<string, number>();
  for (const [word, count] of words)
    for (const point of word) for (const char of byteLevel(point)) seen.set(char, (seen.get(char) ?? 0) + count);
  const frequent = [...seen].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return frequent
    .slice(0, limitAlphabet)
    .map(([char]) => char)
    .sort();
}

/** Bytes that are not in the alphabet are left out of the words. */
function wordsOf(counts: ReadonlyMap<string, number>, ids: ReadonlyMap<string, number>): CountedWords {
  const byteIds = Int32Array.from(byteCharacters, (char) => ids.get(char) ?? -1);
  const encoder = new TextEncoder();
  const starts = new Int32Array(counts.size + 1);
  let size = 0;
  for (const word of counts.keys()) size += 3 * word.length;
  const symbols = new Int32Array(size);
  let at = 0;
  let index = 0;
  for (const word of counts.keys()) {
    for (const byte of encoder.encode(word)) if (byteIds[byte]! >= 0) symbols[at++] = byteIds[byte]!;
    starts[++index] = at;
  }
  return { symbols, starts, counts: Float64Array.from(counts.values()) };
}

function tokenizerJson(
  names: readonly string[],
  merges: readonly [string, string][],
  {
    specialTokens,
    addPrefixSpace,
    normalization,
  }: Required<Pick<BpeTrainingOptions, 'specialTokens' | 'addPrefixSpace' | 'normalization'>>,
): Json {
  const byteLevelPart = { type: 'ByteLevel', add_prefix_space: addPrefixSpace, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...new Set(specialTokens)].map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: normalization ? { type: normalization } : null,
    pre_tokenizer: byteLevelPart,
    post_processor: byteLevelPart,
    decoder: byteLevelPart,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(names.map((name, id) => [name, id])),
      merges: merges.map((merge) => [...merge]),
    },
  };
}
