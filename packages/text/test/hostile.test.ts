import { hostRandom, TaskloomError } from '@taskloom/core/host';
import { describe, expect, it } from 'vitest';
import { collectRows, csvRows, jsonlRows, tokenizer } from '../src';
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

/** Runs 500 mutants: each gives a result or a TaskloomError, within a second; some of both. */
async function survive(text: string, run: (text: string) => unknown): Promise<void> {
  let results = 0;
  let errors = 0;
  for (let number = 0; number < 500; number++) {
    const file = mutant(text, number);
    const start = performance.now();
    try {
      await run(file);
      results++;
    } catch (error) {
      if (!TaskloomError.isInstance(error)) throw new Error(`mutant ${number} of ${JSON.stringify(file)}`, { cause: error });
      errors++;
    }
    expect(performance.now() - start).toBeLessThan(1000);
  }
  expect(results).toBeGreaterThan(0);
  expect(errors).toBeGreaterThan(0);
}

describe('500 mutants give a result or a TaskloomError', () => {
  it('of JSONL', async () => {
    const text =
      '{"text":"Where is \\"it\\"? \\u00e9","label":"delivery","n":[1,{"a":null}]}\n{"text":"","label":"billing"}\r\n\n{"__proto__":{"x":1},"text":"👍"}\n';
    await survive(text, async (file) => {
      const { rows } = await collectRows(jsonlRows(file, { maximumBadRows: 1 }));
      for (const { record } of rows) expect(Object.getPrototypeOf(record)).toBeNull();
    });
  });

  it('of CSV', async () => {
    await survive('text,label\n"Where is ""it""?",delivery\r\nplain,billing\n"two\nlines",__proto__\n,\n', async (file) => {
      const { rows } = await collectRows(csvRows(file, { maximumBadRows: 1 }));
      for (const { record } of rows) for (const value of Object.values(record)) expect(typeof value).toBe('string');
    });
  });

  it.each([
    ['WordPiece', wordPiece],
    ['Unigram', unigram],
  ])('of a tokenizer.json, %s', async (_, json) => {
    await survive(JSON.stringify(json), (file) => {
      const made = tokenizer(file);
      const { ids } = made.encode('unaffable dog, hello  world! aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 👍');
      expect(ids.every((id) => id >= 1 && id <= made.maximum)).toBe(true);
      made.decode(ids);
    });
  });

  it('pollutes no prototype', () => {
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});
