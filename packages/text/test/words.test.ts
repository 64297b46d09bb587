import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordTokens } from '../src';

const words = (text: string) => wordTokens(text).tokens;

/** Any units, lone surrogates too, most of them from the ranges where words and joiners are. */
const utf16 = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 32, max: 0x17f })), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));

describe('wordTokens', () => {
  it('keeps inner punctuation inside and other characters apart', () => {
    expect(words("Don't send it to a.b@c.org; order #A-12/7 cost 1,299.50!")).toEqual([
      "Don't",
      'send',
      'it',
      'to',
      'a.b@c.org',
      ';',
      'order',
      '#',
      'A-12/7',
      'cost',
      '1,299.50',
      '!',
    ]);
    expect(words('l’été 👍🏽 日本語 x--y')).toEqual(['l’été', '👍', '🏽', '日本語', 'x', '-', '-', 'y']);
    expect(words(' \n\t')).toEqual([]);
  });

  it('gives what the pattern gives by match', () => {
    const pattern = /[\p{L}\p{M}\p{N}]+(?:['’._\-/:,@][\p{L}\p{M}\p{N}]+)*|[^\s]/gu;
    fc.assert(
      fc.property(utf16, (text) => {
        expect(words(text)).toEqual(text.match(pattern) ?? []);
      }),
    );
  });

  it('has offsets that map back, and leaves out nothing but white space', () => {
    fc.assert(
      fc.property(fc.oneof(utf16, fc.string({ unit: 'grapheme' })), (text) => {
        const { tokens, offsets } = wordTokens(text);
        let end = 0;
        tokens.forEach((token, i) => {
          expect(text.slice(offsets[2 * i], offsets[2 * i + 1])).toBe(token);
          expect(text.slice(end, offsets[2 * i]).trim()).toBe('');
          end = offsets[2 * i + 1]!;
        });
        expect(text.slice(end).trim()).toBe('');
      }),
    );
  });

  it('normalises tokens without moving offsets', () => {
    const text = 'ＡＢＣ İstanbul ﬁne';
    const { tokens, offsets } = wordTokens(text, { lowercase: true, normalization: 'NFKC' });
    expect(tokens).toEqual(['abc', 'i̇stanbul', 'fine']);
    expect([...offsets]).toEqual([0, 3, 4, 12, 13, 16]);
  });

  // Backtracking would not come to an end here.
  it('gets through a hostile text', () => {
    expect(words(`${'a.'.repeat(1_000_000)}!`).length).toBe(3);
    expect(words('a'.repeat(2_000_000)).length).toBe(1);
    expect(words('-'.repeat(500_000)).length).toBe(500_000);
  });
});
