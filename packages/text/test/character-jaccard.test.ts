import { hostRandom } from '@taskloom/core/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { characterJaccard, nearestTexts } from '../src';

const texts = fc.array(fc.oneof(fc.stringMatching(/^[ab ]{0,12}$/), fc.string({ unit: 'grapheme' })), { maxLength: 12 });

describe('characterJaccard', () => {
  it('is shared n-grams over all n-grams', () => {
    expect(characterJaccard('abcdef', 'abcdeg')).toBe(1 / 3); // {abcde, bcdef} and {abcde, bcdeg}
    expect(characterJaccard('Where  is\nit?', 'where is it?')).toBe(1);
    expect(characterJaccard('ab', 'ab')).toBe(1);
    expect(characterJaccard('', '')).toBe(0);
    expect(characterJaccard('abcdefgh', 'stuvwxyz')).toBe(0);
  });

  it('is symmetric, within [0, 1], and 1 for the same text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const similarity = characterJaccard(a, b);
        expect(similarity).toBe(characterJaccard(b, a));
        expect(similarity >= 0 && similarity <= 1).toBe(true);
        expect(characterJaccard(a, a)).toBe(a.trim() === '' ? 0 : 1);
      }),
    );
  });
});

describe('nearestTexts', () => {
  it('equals comparing every pair', () => {
    fc.assert(
      fc.property(texts, texts, fc.integer({ min: 1, max: 5 }), (queries, references, n) => {
        const { indices, similarities } = nearestTexts(queries, references, { n });
        queries.forEach((query, i) => {
          const all = references.map((reference) => characterJaccard(query, reference, { n }));
          const best = Math.max(0, ...all);
          expect(similarities[i]).toBe(best);
          expect(indices[i]).toBe(best === 0 ? -1 : all.indexOf(best));
        });
      }),
    );
  });

  it('finds one near copy among 3,000 texts', () => {
    const random = hostRandom('jaccard');
    const vocabulary = Array.from({ length: 600 }, (_, i) => ['the', 'order', 'please', 'delivery'][i % 32] ?? `w${(i * 48_271) % 9973}`);
    const make = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) =>
        Array.from(random.fold(`${name}${i}`).uniform(18), (u) => vocabulary[Math.floor(u * 600)]).join(' '),
      );
    const references = make('reference', 3000);
    const queries = make('query', 999).concat(`${references[1234]!}!`);
    const nearest = nearestTexts(queries, references);
    expect(nearest.indices[999]).toBe(1234);
    expect(nearest.similarities[999]).toBeGreaterThan(0.9);
  });
});
