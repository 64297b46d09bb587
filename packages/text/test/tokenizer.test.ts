import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { TaskloomError } from '@taskloom/core/host';
import { describe, expect, it } from 'vitest';
import { tokenizer } from '../src';
import { unigram, wordPiece } from './tokenizer-files';

const shared = fileURLToPath(new URL('../../../../shared/data/tokenizers', import.meta.url));
const load = (name: string) => tokenizer(gunzipSync(readFileSync(`${shared}/${name}/tokenizer.json.gz`)).toString());
const available = existsSync(shared);
if (!available) console.log('skipped: trained tokenisers, for want of ../shared/data/tokenizers');

describe('tokenizer', () => {
  it('runs WordPiece and shifts ids by one', () => {
    const made = tokenizer(wordPiece);
    expect(made.maximum).toBe(9);
    expect(Object.fromEntries(made.specials)).toEqual({ '[PAD]': 1, '[UNK]': 2, '[CLS]': 3, '[SEP]': 4 });
    expect(made.encode('Unaffable dog')).toEqual({
      ids: Int32Array.of(3, 5, 6, 7, 8, 4),
      tokens: ['[CLS]', 'un', '##aff', '##able', 'dog', '[SEP]'],
      offsets: Int32Array.of(0, 0, 0, 2, 2, 5, 5, 9, 10, 13, 0, 0),
      sequences: Int32Array.of(-1, 0, 0, 0, 0, -1),
    });
    expect([...made.encode('dog zebra', { special: false }).ids]).toEqual([8, 2]);
    expect([...made.encode('dog', { pair: 'dog' }).ids]).toEqual([3, 8, 4, 8, 4]);
    expect(made.decode([0, 3, 5, 6, 7, 8, 4, 0])).toBe('unaffable dog');
    expect(made.decode([0])).toBe('');
  });

  it('runs Unigram by greatest score', () => {
    expect(tokenizer(unigram).encode('hello world').tokens).toEqual(['▁hell', 'o', '▁', 'world']);
  });

  it('carries words to tokens', () => {
    const { tokens, words, offsets } = tokenizer(wordPiece).encodeWords(['unaffable', 'dog', 'un']);
    expect([...offsets]).toEqual([0, 2, 2, 5, 5, 9, 0, 3, 0, 2]);
    expect(tokens).toEqual(['un', '##aff', '##able', 'dog', 'un']);
    expect([...words]).toEqual([0, 0, 0, 1, 2]);
  });

  it('is rebuilt from its config', () => {
    const made = tokenizer(wordPiece);
    expect(tokenizer(JSON.parse(JSON.stringify(made.config))).encode('unaffable dog')).toEqual(made.encode('unaffable dog'));
  });

  const broken: [string, unknown][] = [
    ['no JSON', '{'],
    ['null', null],
    ['an array', []],
    ['no model', {}],
    ['an id that is no integer', { ...wordPiece, model: { ...wordPiece.model, vocab: { a: 0.5 } } }],
    ['a huge id', { ...wordPiece, model: { ...wordPiece.model, vocab: { a: 1e9 } } }],
    ['an unknown pre-tokeniser', { ...wordPiece, pre_tokenizer: { type: 'Nothing' } }],
    ['an endless pre-tokeniser', { ...wordPiece, pre_tokenizer: { type: 'FixedLength', length: 0 } }],
    [
      'a pattern that blows up',
      { ...wordPiece, pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false } },
    ],
    ['a pattern of no kind', { ...wordPiece, normalizer: { type: 'Replace', pattern: { Other: 'a' }, content: 'b' } }],
    [
      'prefixes without end',
      {
        ...wordPiece,
        normalizer: {
          type: 'Sequence',
          normalizers: Array.from({ length: 50 }, () => ({ type: 'Prepend', prepend: 'x'.repeat(100) })),
        },
      },
    ],
    [
      'more parts than any tokeniser has',
      { ...wordPiece, normalizer: { type: 'Sequence', normalizers: Array.from({ length: 3000 }, () => ({ type: 'Lowercase' })) } },
    ],
    ['a broken pattern', { ...wordPiece, pre_tokenizer: { type: 'Split', pattern: { Regex: '[' }, behavior: 'Isolated', invert: false } }],
    [
      'replacements that explode',
      {
        ...wordPiece,
        normalizer: {
          type: 'Sequence',
          normalizers: Array.from({ length: 40 }, () => ({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' })),
        },
      },
    ],
    ['added tokens that are none', { ...wordPiece, added_tokens: [{ id: 1 }] }],
    ['random encoding', { ...wordPiece, model: { ...wordPiece.model, dropout: 0.1 } }],
  ];
  it.each(broken)('refuses %s', (_, file) => {
    let error: unknown;
    try {
      tokenizer(file);
    } catch (thrown) {
      error = thrown;
    }
    expect(TaskloomError.isInstance(error) && error.code).toBe('tokenizer_invalid');
  });

  it.skipIf(!available)('gives the ids that BERT and GPT-2 are known for', () => {
    const bert = load('bert-base-uncased');
    expect(bert.maximum).toBe(30522);
    expect([...bert.encode('Hello world').ids]).toEqual([101, 7592, 2088, 102].map((id) => id + 1));
    const gpt2 = load('gpt2');
    expect(gpt2.maximum).toBe(50257);
    expect([...gpt2.encode('Hello world').ids]).toEqual([15496, 995].map((id) => id + 1));
    const text = "Don't lose a byte: 日本語, naïve café, 👍🏽!";
    expect(gpt2.decode(gpt2.encode(text).ids)).toBe(text);
  });
});
