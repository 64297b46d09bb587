import { TaskloomError } from '@taskloom/core/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildVocabulary, vocabulary } from '../src';

describe('vocabulary', () => {
  it('orders by count, then by code point, and keeps 0 and 1 apart', () => {
    const built = buildVocabulary([
      ['b', 'a', 'c'],
      ['c', '𝔞', '\uffee'],
    ]);
    expect(built.config.tokens).toEqual(['c', 'a', 'b', '\uffee', '𝔞']);
    expect(built.maximum).toBe(6);
    expect([...built.encode(['c', 'zebra', '𝔞'])]).toEqual([2, 1, 6]);
    expect(built.decode([0, 1, 2, 6, 7])).toEqual(['', '[UNK]', 'c', '𝔞', '[UNK]']);
  });

  it('drops the rare and the surplus', () => {
    const texts = [['a', 'a', 'a', 'b', 'b', 'c']];
    expect(buildVocabulary(texts, { minimumCount: 2 }).config.tokens).toEqual(['a', 'b']);
    expect(buildVocabulary(texts, { maximumSize: 3 }).config.tokens).toEqual(['a']);
    expect(() => buildVocabulary(texts, { maximumSize: 1 })).toThrow(TaskloomError);
  });

  it('does not depend on the order of the texts, holds its own tokens, and round-trips through JSON', () => {
    const texts = fc.array(fc.array(fc.string({ unit: 'grapheme', maxLength: 3 }), { maxLength: 8 }), { maxLength: 5 });
    fc.assert(
      fc.property(texts, (given) => {
        const built = buildVocabulary(given);
        const again = vocabulary(JSON.parse(JSON.stringify(built.config)));
        expect(buildVocabulary(given.toReversed()).config).toEqual(built.config);
        for (const tokens of given) {
          expect(again.decode(again.encode(tokens))).toEqual(tokens);
          expect(again.encode(tokens).every((id) => id >= 2 && id <= again.maximum)).toBe(true);
        }
      }),
    );
  });

  it('knows no inherited words', () => {
    expect([...buildVocabulary([['x']]).encode(['constructor', '__proto__', 'toString'])]).toEqual([1, 1, 1]);
  });

  it.each([
    null,
    {},
    { kind: 'vocabulary', version: 2, tokens: [] },
    { kind: 'vocabulary', version: 1, tokens: [1] },
    { kind: 'vocabulary', version: 1, tokens: ['a', 'a'] },
  ])('refuses %j', (config) => {
    expect(() => vocabulary(config as never)).toThrow(TaskloomError);
  });
});
