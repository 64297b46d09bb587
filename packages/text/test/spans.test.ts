import { TaskloomError } from '@taskloom/core/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { characterToTokenSpans, type Span, spansToTags, tagsToSpans, tokenToCharacterSpans, wordTokens } from '../src';

/** Spans that do not overlap, from lengths of gaps and spans. */
const spans = fc
  .array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 3 }), fc.constantFrom('product', 'place')), { maxLength: 6 })
  .map((parts) => {
    let at = 0;
    return parts.map(([gap, length, label]): Span => {
      const start = at + gap;
      at = start + length;
      return { start, end: at, label };
    });
  });

describe('BIO tags', () => {
  it('round-trip in both readings', () => {
    fc.assert(
      fc.property(spans, fc.nat(3), (given, rest) => {
        const tags = spansToTags(given, (given.at(-1)?.end ?? 0) + rest);
        expect(tagsToSpans(tags, 'conlleval')).toEqual(given);
        expect(tagsToSpans(tags, 'strict')).toEqual(given);
      }),
    );
  });

  it('that break the scheme are read as conlleval reads them, or strictly', () => {
    const tags = ['I-a', 'I-a', 'O', 'B-a', 'I-b', 'I-b', 'B-b', 'B-b', 'x'];
    expect(tagsToSpans(tags)).toEqual([
      { start: 0, end: 2, label: 'a' },
      { start: 3, end: 4, label: 'a' },
      { start: 4, end: 6, label: 'b' },
      { start: 6, end: 7, label: 'b' },
      { start: 7, end: 8, label: 'b' },
    ]);
    expect(tagsToSpans(tags, 'strict')).toEqual([
      { start: 3, end: 4, label: 'a' },
      { start: 6, end: 7, label: 'b' },
      { start: 7, end: 8, label: 'b' },
    ]);
  });

  it('refuse spans outside and overlapping', () => {
    expect(() => spansToTags([{ start: 0, end: 3, label: 'a' }], 2)).toThrow(TaskloomError);
    expect(() => spansToTags([{ start: 1, end: 1, label: 'a' }], 2)).toThrow(TaskloomError);
    const overlapping = [
      { start: 0, end: 2, label: 'a' },
      { start: 1, end: 3, label: 'b' },
    ];
    expect(() => spansToTags(overlapping, 3)).toThrow(TaskloomError);
  });
});

describe('character spans', () => {
  it('become token spans and back', () => {
    const text = 'My Aurora 3 kettle, ordered on 2024-05-01 👍';
    const { tokens, offsets } = wordTokens(text);
    const given = ['Aurora 3 kettle', '2024-05-01', '👍'].map((part) => ({
      start: text.indexOf(part),
      end: text.indexOf(part) + part.length,
      label: 'x',
    }));
    const inTokens = characterToTokenSpans(given, offsets);
    expect(inTokens.map(({ start, end }) => tokens.slice(start, end))).toEqual([['Aurora', '3', 'kettle'], ['2024-05-01'], ['👍']]);
    expect(tokenToCharacterSpans(inTokens, offsets)).toEqual(given);
  });

  it('take every token they touch', () => {
    const { offsets } = wordTokens('one two three');
    expect(characterToTokenSpans([{ start: 1, end: 5, label: 'x' }], offsets)).toEqual([{ start: 0, end: 2, label: 'x' }]);
    expect(characterToTokenSpans([{ start: 3, end: 4, label: 'x' }], offsets)).toEqual([]);
    expect(characterToTokenSpans([{ start: 20, end: 24, label: 'x' }], offsets)).toEqual([]);
  });
});
