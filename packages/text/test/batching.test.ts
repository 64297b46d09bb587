import { TaskloomError } from '@taskloom/core/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthBuckets, padIds, padTokenIds } from '../src';

const padding = (lengths: readonly number[], boundaries: readonly number[]) =>
  lengths.reduce((sum, length) => sum + (boundaries.find((b) => b >= length) ?? boundaries.at(-1)!), 0);

describe('lengthBuckets', () => {
  it('finds the boundaries of least padding', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 3 }), (given, count) => {
        const { boundaries } = lengthBuckets(given, { count });
        expect(boundaries.length).toBeLessThanOrEqual(count);
        expect(boundaries.at(-1)).toBe(Math.max(...given));
        // every choice of `count` boundaries of which the last holds the longest
        const last = Math.max(...given);
        let least = Number.POSITIVE_INFINITY;
        for (let a = 1; a <= last; a++)
          for (let b = 1; b <= last; b++)
            least = Math.min(
              least,
              padding(
                given,
                [...(count > 2 ? [a] : []), ...(count > 1 ? [b] : []), last].sort((x, y) => x - y),
              ),
            );
        expect(padding(given, boundaries)).toBe(least);
      }),
    );
  });

  it('bounds the number of shapes, and holds every text or counts it as truncated', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    const limits = fc.record({
      count: fc.integer({ min: 1, max: 6 }),
      multipleOf: fc.integer({ min: 1, max: 40 }),
      maximum: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(lengths, limits, (given, options) => {
        const { boundaries, buckets, truncated, paddedLength } = lengthBuckets(given, options);
        const shapes = new Set(given.map(paddedLength));
        expect(shapes.size).toBeLessThanOrEqual(options.count);
        expect(boundaries.length).toBeLessThanOrEqual(options.count);
        given.forEach((length, i) => {
          expect(boundaries[buckets[i]!]).toBe(paddedLength(length));
          if (length <= boundaries.at(-1)!) expect(paddedLength(length)).toBeGreaterThanOrEqual(length);
        });
        expect(truncated).toBe(given.filter((length) => length > boundaries.at(-1)!).length);
      }),
    );
  });

  it('puts every length into the least bucket that holds it', () => {
    const { buckets, truncated, paddedLength } = lengthBuckets([0, 1, 8, 9, 16, 17], { boundaries: [8, 16] });
    expect([...buckets]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(truncated).toBe(1);
    expect([0, 8, 9, 100].map(paddedLength)).toEqual([8, 8, 16, 16]);
  });

  it('rounds, limits, and stays small for very long texts', () => {
    const lengths = Array.from({ length: 2000 }, (_, i) => 1 + ((i * 7919) % 100_003));
    const { boundaries, truncated } = lengthBuckets(lengths, { count: 5, multipleOf: 16, maximum: 50_000 });
    expect(boundaries.length).toBeLessThanOrEqual(5);
    expect(boundaries.every((b) => b % 16 === 0)).toBe(true);
    expect(boundaries.at(-1)).toBe(50_000);
    expect(truncated).toBe(lengths.filter((length) => length > 50_000).length);
    expect(lengthBuckets([], { count: 3 }).boundaries).toEqual([1]);
  });

  it('refuses what cannot be boundaries', () => {
    for (const boundaries of [[], [0], [3, 2], [1.5]]) expect(() => lengthBuckets([1], { boundaries })).toThrow(TaskloomError);
    expect(() => lengthBuckets([1], { count: 0 })).toThrow(TaskloomError);
  });
});

describe('padIds', () => {
  it('pads, truncates and counts', () => {
    const { ids, truncated } = padIds([Int32Array.of(1, 2, 3), Int32Array.of(), Int32Array.of(-4)], 2, { rows: 4 });
    expect(ids).toEqual({ shape: [4, 2], dtype: 'int32', data: Int32Array.of(1, 2, 0, 0, -4, 0, 0, 0) });
    expect(truncated).toBe(1);
    expect([...padIds([[1]], 3, { fill: -1 }).ids.data]).toEqual([1, -1, -1]);
    expect(() => padIds([[1], [2]], 3, { rows: 1 })).toThrow(TaskloomError);
  });

  it('keeps every id in its place in three dimensions', () => {
    const rows = fc.array(fc.array(fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 5 }), { maxLength: 5 }), { maxLength: 4 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (given, time, features) => {
        const { ids, truncated } = padTokenIds(given, [time, features]);
        expect(ids.shape).toEqual([given.length, time, features]);
        for (let n = 0; n < given.length; n++)
          for (let t = 0; t < time; t++)
            for (let s = 0; s < features; s++) expect(ids.data[(n * time + t) * features + s]).toBe(given[n]![t]?.[s] ?? 0);
        const long = given.filter((tokens) => tokens.length > time).length;
        expect(truncated).toBe(long + given.flatMap((tokens) => tokens.slice(0, time)).filter((token) => token.length > features).length);
      }),
    );
  });
});
