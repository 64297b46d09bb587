import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hashString } from '@taskloom/core/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  characterToTokenSpans,
  subwordTags,
  tagsToSpans,
  tokenizer,
  tokenToCharacterSpans,
  wordsOfTokens,
  wordTags,
  wordTokens,
} from '../src';
import { encoder, type RawToken } from '../src/subwords/encoder';
import { available, byteConfigs, nastyTexts, trainedConfigs } from './oracle/cases';

/** Of each row of ids and offsets, `[id, start, end, …]` in UTF-16 units, the hash of its JSON. */
type Hashes = Record<string, { texts: number[]; pairs: number[]; plain: number[] }>;

const file = fileURLToPath(new URL('./oracle/offsets.json.gz', import.meta.url));
const { texts, pairs } = nastyTexts();
const configs = { ...byteConfigs(), ...(available ? trainedConfigs() : {}) };

// TASKLOOM_TOKENIZERS=<a python3 that has `tokenizers` 0.23> makes the file anew.
const python = process.env.TASKLOOM_TOKENIZERS;
if (python) {
  const input = JSON.stringify({ configs, texts, pairs });
  const script = fileURLToPath(new URL('./oracle/encode.py', import.meta.url));
  const rows = JSON.parse(execFileSync(python, [script], { input, maxBuffer: 2 ** 30 }).toString()) as Record<
    string,
    Record<string, number[][]>
  >;
  const hashes = Object.entries(rows).map(([name, kinds]) => [
    name,
    Object.fromEntries(Object.entries(kinds).map(([kind, list]) => [kind, list.map((row) => hashString(JSON.stringify(row)))])),
  ]);
  writeFileSync(file, gzipSync(JSON.stringify(Object.fromEntries(hashes)), { level: 9 }));
}
const expected = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Hashes;
if (!available) console.log('skipped: offsets of trained tokenisers, for want of ../shared/data/tokenizers');

const hashed = (tokens: readonly RawToken[]) => hashString(JSON.stringify(tokens.flatMap(({ id, start, end }) => [id, start, end])));

describe('ids and offsets equal those of the native tokenizers package', () => {
  it.each(Object.keys(configs))('%s', (name) => {
    const encode = encoder(configs[name]!);
    texts.forEach((text, i) => {
      expect(hashed(encode(text)), JSON.stringify(text)).toBe(expected[name]!.texts[i]);
    });
    pairs.forEach(([a, b], i) => {
      expect(hashed(encode(a, b)), JSON.stringify([a, b])).toBe(expected[name]!.pairs[i]);
    });
    expected[name]!.plain.forEach((row, i) => {
      expect(hashed(encode(texts[i]!, undefined, false))).toBe(row);
    });
  });
});

const clusters = (text: string) =>
  Array.from(new Intl.Segmenter('en').segment(text), ({ index, segment }) => [index, index + segment.length] as const);
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom(...texts.flatMap((text) => clusters(text).map(([start, end]) => text.slice(start, end)))), { maxLength: 20 })
    .map((parts) => parts.join('')),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
);

describe.skipIf(!available)('offsets of trained tokenisers', () => {
  const { bert, gpt2, sentencePiece } = available ? trainedConfigs() : {};
  const made = () => ({ bert: tokenizer(bert), gpt2: tokenizer(gpt2), sentencePiece: tokenizer(sentencePiece) });
  const tokenizers = available ? made() : undefined;

  it.each(['bert', 'gpt2', 'sentencePiece'] as const)('of %s are ordered, inside, and leave out nothing that is seen', (name) => {
    const { encode } = tokenizers![name];
    fc.assert(
      fc.property(anyText, (text) => {
        const { offsets, sequences, tokens } = encode(text);
        let end = 0;
        let start = 0;
        tokens.forEach((_, i) => {
          const [from, to] = [offsets[2 * i]!, offsets[2 * i + 1]!];
          if (sequences[i]! < 0) {
            expect([from, to]).toEqual([0, 0]);
            return;
          }
          expect(from >= start && to >= end && to > from && to <= text.length).toBe(true);
          if (from > end) expect(text.slice(end, from)).toMatch(lost);
          [start, end] = [from, to];
        });
        expect(text.slice(end)).toMatch(lost);
      }),
      { numRuns: 400 },
    );
  });

  // White space, and what the normalisers of BERT and SentencePiece take out: controls, U+FFFD, and marks with nothing before them.
  const lost = /^[\p{White_Space}\p{C}\p{M}\ufffd]*$/u;

  it.each(['bert', 'gpt2', 'sentencePiece'] as const)('of %s carry spans to tokens and back exactly', (name) => {
    const { encode } = tokenizers![name];
    const words = fc.array(
      fc.constantFrom(
        'Aurora',
        'café',
        'cafe\u0301',
        '日本',
        '👍🏽',
        '👩‍👩‍👧‍👦',
        'Ünïcode',
        '3,14',
        'か\u3099',
        '한국어',
        '𝔘𝔫',
        "l'été",
        'नमस्ते',
      ),
      {
        minLength: 3,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(words, fc.nat(), fc.nat(), (list, a, b) => {
        const text = list.join(' ');
        const starts = list.map((_, i) => list.slice(0, i).join(' ').length + (i > 0 ? 1 : 0));
        const [first, last] = [a % list.length, b % list.length].sort((x, y) => x - y) as [number, number];
        const span = { start: starts[first]!, end: starts[last]! + list[last]!.length, label: 'answer' };
        for (const pair of [false, true]) {
          const { offsets, sequences } = pair ? encode('Which one?', { pair: text }) : encode(text);
          const inTokens = characterToTokenSpans([span], offsets, { sequences, sequence: pair ? 1 : 0 });
          expect(tokenToCharacterSpans(inTokens, offsets)).toEqual([span]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each(['bert', 'gpt2', 'sentencePiece'] as const)('of %s carry tags of words to tokens and back', (name) => {
    const { encode, encodeWords } = tokenizers![name];
    const tagged = fc.array(
      fc.tuple(fc.constantFrom('Berlin', 'unaffable', 'né', '東京', '👍', 'Ærøskøbing'), fc.constantFrom('O', 'B-a', 'I-a', 'B-b')),
      {
        minLength: 1,
        maxLength: 10,
      },
    );
    fc.assert(
      fc.property(tagged, (pairs) => {
        const given = pairs.map(([word]) => word);
        const tags = pairs.map(([, tag]) => tag);
        const text = given.join(' ');
        const running = encode(text);
        const owners = [encodeWords(given).words, wordsOfTokens(running.offsets, wordTokens(text).offsets)];
        for (const words of owners) {
          const further = subwordTags(tags, words);
          expect(wordTags(further, words, given.length)).toEqual(tags);
          expect(wordTags(subwordTags(tags, words, { further: 'ignore' }), words, given.length)).toEqual(tags);
        }
        // A token of white space alone belongs to no word.
        const inWords = [...owners[1]!.keys()].filter((i) => owners[1]![i]! >= 0);
        const offsets = Int32Array.from(inWords.flatMap((i) => [running.offsets[2 * i]!, running.offsets[2 * i + 1]!]));
        const subwords = subwordTags(tags, owners[1]!);
        const spans = tokenToCharacterSpans(tagsToSpans(inWords.map((i) => subwords[i]!)), offsets);
        expect(spans).toEqual(tokenToCharacterSpans(tagsToSpans(tags), wordTokens(text).offsets));
      }),
      { numRuns: 200 },
    );
  });
});
