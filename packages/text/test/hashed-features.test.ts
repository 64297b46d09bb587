import { TaskloomError } from '@taskloom/core/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HashedFeaturesConfig, hashedFeatures } from '../src';

const mask = (1n << 32n) - 1n;

/** FEATURES.md word for word, in big integers and strings. */
function slowly(text: string, config: HashedFeaturesConfig): { words: number[]; characters: number[]; openings: number[] } {
  const hash = (s: string) => [...Buffer.from(s, 'utf8')].reduce((h, byte) => ((h ^ BigInt(byte)) * 16777619n) & mask, 2166136261n);
  const id = (h: bigint, buckets: number) => {
    let m = ((h ^ (h >> 16n)) * 0x85ebca6bn) & mask;
    m = ((m ^ (m >> 13n)) * 0xc2b2ae35n) & mask;
    m ^= m >> 16n;
    const plain = 1 + Number((m % (1n << 31n)) % BigInt(buckets));
    return config.signed && m >= 1n << 31n ? -plain : plain;
  };
  const tokens = (text.match(/[\p{L}\p{M}\p{N}]+(?:['’._\-/:,@][\p{L}\p{M}\p{N}]+)*|[^\s]/gu) ?? []).map((token) => {
    const normal = config.normalization ? token.normalize(config.normalization) : token;
    return config.lowercase ? normal.toLowerCase() : normal;
  });
  const words = tokens.map((token) => id(hash(token), config.buckets.words));
  tokens.forEach((token, first) => {
    let g = hash(token);
    for (const next of tokens.slice(first + 1, first + config.wordNgrams)) {
      g = (g * 116049371n + hash(next)) & mask;
      words.push(id(g, config.buckets.words));
    }
  });
  if (config.start) {
    let g = hash('');
    for (const next of tokens.slice(0, 2)) {
      g = (g * 116049371n + hash(next)) & mask;
      words.push(id(g, config.buckets.words));
    }
  }
  const characters: number[] = [];
  const [shortest, longest] = config.characters ?? [1, 0];
  for (const token of tokens) {
    const points = [...`<${token}>`];
    for (let start = 0; start < points.length; start++)
      for (let n = shortest; n <= longest && start + n <= points.length; n++)
        if (n > 1 || (start > 0 && start + n < points.length))
          characters.push(id(hash(points.slice(start, start + n).join('')), config.buckets.characters));
  }
  if (config.acrossWords) {
    const points = [...` ${tokens.join(' ')} `];
    for (let start = 0; start < points.length; start++)
      for (let n = shortest; n <= longest && start + n <= points.length; n++)
        if (points.slice(start + 1, start + n - 1).includes(' '))
          characters.push(id(hash(points.slice(start, start + n).join('')), config.buckets.characters));
  }
  const openings = tokens.slice(1, 1 + (config.openings ?? 0)).map((other) => {
    const g = (hash(tokens[0]!) * 116049371n + hash(other)) & mask;
    return id(g, config.buckets.openings!);
  });
  return { words, characters, openings };
}

const anyOptions = fc.record({
  buckets: fc.oneof(
    fc.integer({ min: 2, max: 1 << 20 }),
    fc.record({
      words: fc.integer({ min: 1, max: 1000 }),
      characters: fc.integer({ min: 1, max: 99_999 }),
      openings: fc.integer({ min: 1, max: 99_999 }),
    }),
  ),
  wordNgrams: fc.integer({ min: 1, max: 4 }),
  characters: fc.option(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 4, max: 7 }))),
  start: fc.boolean(),
  acrossWords: fc.boolean(),
  openings: fc.integer({ min: 0, max: 6 }),
  signed: fc.boolean(),
  lowercase: fc.boolean(),
  normalization: fc.constantFrom('NFC' as const, 'NFKC' as const, null),
});
const options = anyOptions.map((given) => ({ ...given, acrossWords: given.acrossWords && given.characters !== null }));
/** Lone surrogates too. */
const utf16 = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units));
const texts = fc.oneof(fc.string({ unit: 'grapheme' }), utf16, fc.lorem({ maxCount: 12 }));

describe('hashedFeatures', () => {
  it('equals an independent reading of its specification', () => {
    fc.assert(
      fc.property(options, texts, (given, text) => {
        const features = hashedFeatures(given);
        const expected = slowly(text, features.config);
        for (let twice = 0; twice < 2; twice++) {
          const { words, characters, openings } = features.bags(text);
          expect([...words]).toEqual(expected.words);
          expect([...characters]).toEqual(expected.characters);
          expect([...openings]).toEqual(expected.openings);
        }
        const moved = (ids: readonly number[], by: number) => ids.map((id) => Math.sign(id) * (Math.abs(id) + by));
        const { words, characters } = features.maxima;
        expect([...features.bag(text)]).toEqual([
          ...expected.words,
          ...moved(expected.characters, words),
          ...moved(expected.openings, words + characters),
        ]);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps its ids from version to version', () => {
    const features = hashedFeatures({ buckets: 1000, signed: true });
    expect(features.config).toEqual({
      kind: 'hashedFeatures',
      version: 1,
      buckets: { words: 500, characters: 500 },
      wordNgrams: 2,
      characters: [3, 6],
      signed: true,
      lowercase: true,
      normalization: 'NFKC',
    });
    expect({ words: [...features.bags('Grüß 世界').words], characters: [...features.bags('Grüß 世界').characters] }).toMatchInlineSnapshot(`
      {
        "characters": [
          -84,
          463,
          -104,
          381,
          420,
          127,
          -77,
          13,
          57,
          -176,
          -340,
          -90,
          -66,
        ],
        "words": [
          127,
          94,
          -277,
        ],
      }
    `);
  });

  it('leaves variation selectors out where it is told to', () => {
    const features = hashedFeatures({ buckets: 1 << 20, variationSelectors: false });
    expect(features.config).toMatchObject({ version: 3, variationSelectors: false });
    for (const [text, same] of [
      ['I ❤️ NY ️ ️', 'I ❤ NY'],
      ['a\uFE0Fb \uFE0F\uFE00', 'ab'],
      ['\uFE0F', ''],
    ] as const) {
      expect(features.bag(text)).toEqual(features.bag(same));
      expect(features.bag(text)).toEqual(hashedFeatures({ buckets: 1 << 20 }).bag(same));
      expect(hashedFeatures(features.config).bags(text)).toEqual(features.bags(same));
    }
    expect(features.tokens(['❤️', '️'])[0]).toEqual(features.tokens(['❤'])[0]);
  });

  it('stays within its ranges and never gives 0', () => {
    fc.assert(
      fc.property(options, texts, (given, text) => {
        const features = hashedFeatures(given);
        const inside = (ids: Int32Array, maximum: number) =>
          ids.every((id) => id !== 0 && Math.abs(id) <= maximum && (features.config.signed || id > 0));
        const { words, characters, openings } = features.bags(text);
        expect(inside(features.bag(text), features.maxima.ids) && inside(words, features.maxima.words)).toBe(true);
        expect(inside(characters, features.maxima.characters) && inside(openings, features.maxima.openings)).toBe(true);
      }),
    );
  });

  it('gives per token what the bag holds', () => {
    const features = hashedFeatures({ wordNgrams: 1 });
    const tokens = features.tokens(['Late', 'parcel', '!']);
    expect(tokens.map((ids) => ids[0])).toEqual([...features.bags('late parcel!').words]);
    expect(tokens.flatMap((ids) => [...ids]).sort()).toEqual([...features.bag('LATE parcel!')].sort());
  });

  it('spreads features evenly and signs by half', () => {
    const features = hashedFeatures({ buckets: { words: 64, characters: 64 }, wordNgrams: 1, signed: true, characters: null });
    const counts = new Float64Array(64);
    let negative = 0;
    for (let i = 0; i < 64_000; i++) {
      const id = features.bag(`word${i}`)[0]!;
      counts[Math.abs(id) - 1]!++;
      if (id < 0) negative++;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(120); // 63 degrees of freedom: P(> 120) < 2e-5
    expect(Math.abs(negative - 32_000)).toBeLessThan(800); // 6 standard deviations
  });

  it('is rebuilt from its JSON', () => {
    const features = hashedFeatures({ buckets: 5000, characters: [2, 4], openings: 3, signed: true, lowercase: false });
    const again = hashedFeatures(JSON.parse(JSON.stringify(features.config)) as HashedFeaturesConfig);
    expect(again.config).toEqual(features.config);
    expect(again.bag('The same IDs')).toEqual(features.bag('The same IDs'));
  });

  it.each([
    { buckets: 0 },
    { buckets: 1 },
    { buckets: 1.5 },
    { buckets: 2 ** 40 },
    { buckets: { words: 1, characters: 0 } },
    { buckets: { words: '7', characters: 9 } },
    { wordNgrams: 0 },
    { characters: [4, 3] },
    { characters: 3 },
    { signed: 'yes' },
    { normalization: 'nfc' },
    { kind: 'other' },
    { kind: 'hashedFeatures', version: 4 },
    { openings: -1 },
    { openings: 1.5 },
    { openings: 2, buckets: { words: 7, characters: 9 } },
    { variationSelectors: 'no' },
    { start: 1 },
    { acrossWords: 'yes' },
    { characters: null, acrossWords: true },
  ])('refuses %j', (given) => {
    expect(() => hashedFeatures(given as never)).toThrow(TaskloomError);
  });
});
