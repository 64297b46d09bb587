import { hostRandom, TaskloomError } from '@taskloom/core/host';
import { describe, expect, it } from 'vitest';
import { collectRows, conllRows, csvRows, jsonlRows, tokenizer, trainByteLevelBpe } from '../src';
import { unigram, wordPiece } from './tokenizer-files';

/** Bytes that mean something to a parser, beside arbitrary ones. */
const tokens = [
  '"',
  ',',
  '\n',
  '\r',
  '{',
  '}',
  '[',
  ']',
  ':',
  '\\',
  '\\u005f',
  '__proto__',
  'null',
  '1e999',
  '-1',
  '\0',
  '\ud800',
  '👍',
  '\ufeff',
  ' ',
  '*',
  '+',
  '(',
  ')',
];

/** `text` after a few deletions, insertions, repetitions and replacements, the same for the same number. */
function mutant(text: string, number: number): string {
  const draws = hostRandom('mutants').fold(number).uniform(40);
  let at = 0;
  const draw = (below: number) => Math.floor(draws[at++]! * below);
  let result = text;
  for (let edits = 1 + draw(5); edits > 0; edits--) {
    const start = draw(result.length + 1);
    const end = Math.min(result.length, start + draw(draw(4) === 0 ? result.length + 1 : 8));
    const piece = [
      () => '',
      () => tokens[draw(tokens.length)]!,
      () => String.fromCharCode(draw(256)),
      () => result.slice(start, end).repeat(1 + draw(20)),
    ][draw(4)]!();
    result = result.slice(0, start) + piece + result.slice(end);
  }
  return result;
}

const oddities: unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e9,
  '',
  'x',
  '__proto__',
  [],
  {},
  [null],
  [[]],
  { type: 'Sequence' },
  '\ud800',
  '('.repeat(50),
  'a'.repeat(5000),
];

/** `json` with one to three of its values replaced, left out, or exchanged for another's. */
function restructured(json: unknown, number: number): unknown {
  const draws = hostRandom('structure').fold(number).uniform(200);
  let at = 0;
  const draw = (below: number) => Math.floor(draws[at++ % 200]! * below);
  const root = structuredClone({ json });
  for (let edits = 1 + draw(3); edits > 0; edits--) {
    let holder: Record<string, unknown> = root;
    let key = 'json';
    for (let depth = 1 + draw(6); depth > 0; depth--) {
      const inner = holder[key];
      if (typeof inner !== 'object' || inner === null || Object.keys(inner).length === 0) break;
      holder = inner as Record<string, unknown>;
      key = Object.keys(holder)[draw(Object.keys(holder).length)]!;
    }
    const keys = Object.keys(holder);
    if (draw(4) === 0) delete holder[key];
    else holder[key] = draw(4) === 0 ? holder[keys[draw(keys.length)]!] : structuredClone(oddities[draw(oddities.length)]);
  }
  return root.json;
}

/** Runs 500 mutants: each gives a result or a TaskloomError, within a second of processor time; some of both. */
async function survive<T>(make: (number: number) => T, run: (file: T) => unknown): Promise<void> {
  let results = 0;
  let errors = 0;
  for (let number = 0; number < 500; number++) {
    const file = make(number);
    const start = process.cpuUsage();
    try {
      await run(file);
      results++;
    } catch (error) {
      if (!TaskloomError.isInstance(error)) throw new Error(`mutant ${number} of ${JSON.stringify(file)}`, { cause: error });
      errors++;
    }
    expect(process.cpuUsage(start).user).toBeLessThan(1e6);
  }
  expect(results).toBeGreaterThan(0);
  expect(errors).toBeGreaterThan(0);
}

describe('500 mutants give a result or a TaskloomError', () => {
  it('of JSONL', async () => {
    const text =
      '{"text":"Where is \\"it\\"? \\u00e9","label":"delivery","n":[1,{"a":null}]}\n{"text":"","label":"billing"}\r\n\n{"__proto__":{"x":1},"text":"👍"}\n';
    await survive(
      (number) => mutant(text, number),
      async (file) => {
        const { rows } = await collectRows(jsonlRows(file, { maximumBadRows: 1 }));
        for (const { record } of rows) expect(Object.getPrototypeOf(record)).toBeNull();
      },
    );
  });

  it('of CSV', async () => {
    const text = 'text,label\n"Where is ""it""?",delivery\r\nplain,billing\n"two\nlines",__proto__\n,\n';
    await survive(
      (number) => mutant(text, number),
      async (file) => {
        const { rows } = await collectRows(csvRows(file, { maximumBadRows: 1 }));
        for (const { record } of rows) for (const value of Object.values(record)) expect(typeof value).toBe('string');
      },
    );
  });

  it('of CoNLL', async () => {
    const text = 'EU NNP B-org\nrejects VB O\n\n-DOCSTART- -X- O\n\nRome\tNN B-place\r\n. . O\n';
    await survive(
      (number) => mutant(text, number),
      async (file) => {
        const { rows } = await collectRows(conllRows(file, { maximumBadRows: 1 }));
        for (const { record } of rows) expect((record.tokens as string[]).length).toBe((record.tags as string[]).length);
      },
    );
  });

  it.each([
    ['WordPiece', wordPiece],
    ['Unigram', unigram],
  ])('of a tokenizer.json, %s', async (_, json) => {
    const run = (file: unknown) => {
      const made = tokenizer(file);
      const { ids } = made.encode('unaffable dog, hello  world! aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 👍');
      expect(ids.every((id) => id >= 1 && id <= made.maximum)).toBe(true);
      made.decode(ids);
    };
    await survive((number) => mutant(JSON.stringify(json), number), run);
    await survive((number) => restructured(json, number), run);
  });

  it('of a byte-level tokenizer.json, with every normaliser', async () => {
    const trained = (await trainByteLevelBpe(['unaffable dog, hello world! '.repeat(9)], {
      vocabularySize: 290,
      specialTokens: ['<s>'],
    })) as object;
    const charsmap = Buffer.concat([Buffer.from(Uint32Array.of(8, 1 << 10, 0).buffer), Buffer.from('x\0')]).toString('base64');
    const json = {
      ...trained,
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'NFKC' },
          { type: 'Precompiled', precompiled_charsmap: charsmap },
          { type: 'Replace', pattern: { Regex: '[ab]|\\s+' }, content: ' c' },
          { type: 'Prepend', prepend: 'x' },
          { type: 'Strip', strip_left: true, strip_right: true },
          { type: 'Nmt' },
          { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
        ],
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
          { type: 'Punctuation', behavior: 'Contiguous' },
          { type: 'Digits', individual_digits: true },
          { type: 'Split', pattern: { Regex: '\\d+' }, behavior: 'MergedWithNext', invert: false },
          (trained as { pre_tokenizer: object }).pre_tokenizer,
        ],
      },
      post_processor: { type: 'RobertaProcessing', sep: ['</s>', 5], cls: ['<s>', 0], trim_offsets: true, add_prefix_space: true },
    };
    const text = 'unaffable dog, hello  world 42! Ünï ﬁ 👍🏽 日本 e\u0301\u0323'.repeat(3);
    const run = (file: unknown) => {
      const made = tokenizer(file);
      const { ids, offsets } = made.encode(text, { pair: text });
      expect(ids.every((id) => id >= 1 && id <= made.maximum)).toBe(true);
      expect(offsets.every((offset, i) => offset >= (i % 2 ? offsets[i - 1]! : 0) && offset <= text.length)).toBe(true);
      made.decode(ids);
    };
    run(json);
    await survive((number) => mutant(JSON.stringify(json), number), run);
    await survive((number) => restructured(json, number), run);
  });

  it.each([
    ['byte-level again and again', { type: 'Sequence', normalizers: Array.from({ length: 60 }, () => ({ type: 'ByteLevel' })) }],
    [
      'a charsmap that claims more than it is',
      { type: 'Precompiled', precompiled_charsmap: Buffer.from(Uint32Array.of(2 ** 31).buffer).toString('base64') },
    ],
    [
      'a charsmap that goes in circles',
      { type: 'Precompiled', precompiled_charsmap: Buffer.from(Uint32Array.of(8, 0x161, 0x161).buffer).toString('base64') },
    ],
  ])('stops a normaliser of %s', (_, normalizer) => {
    const start = process.cpuUsage();
    try {
      tokenizer({ ...wordPiece, normalizer }).encode('é'.repeat(2000));
    } catch (error) {
      expect(TaskloomError.isInstance(error)).toBe(true);
    }
    expect(process.cpuUsage(start).user).toBeLessThan(2e6);
  });

  it('pollutes no prototype', () => {
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});
