import { TaskloomError } from '@taskloom/core/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ShufflePosition, shuffle, shuffledOrder } from '../src';

const seeds = fc.oneof(fc.integer(), fc.string());

describe('shuffledOrder', () => {
  it('is a permutation, the same each time', () => {
    fc.assert(
      fc.property(seeds, fc.nat(50), fc.integer({ min: 1, max: 300 }), (seed, epoch, size) => {
        const order = shuffledOrder(seed, epoch, size);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
        expect(shuffledOrder(seed, epoch, size)).toEqual(order);
      }),
    );
  });

  it('differs between epochs and seeds', () => {
    expect(shuffledOrder(1, 0, 50)).not.toEqual(shuffledOrder(1, 1, 50));
    expect(shuffledOrder(1, 0, 50)).not.toEqual(shuffledOrder(2, 0, 50));
  });

  it('puts each row in each place equally often', () => {
    const first = new Float64Array(10);
    for (let epoch = 0; epoch < 10_000; epoch++) first[shuffledOrder('even', epoch, 10)[0]!]!++;
    expect(first.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(35); // 9 degrees of freedom: P < 1e-4
  });
});

describe('shuffle', () => {
  it('gives every row once an epoch, whatever the batches', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 40 }), fc.array(fc.nat(30), { maxLength: 10 }), (seed, size, counts) => {
        const walk = shuffle({ seed, size });
        const rows = counts.flatMap((count) => [...walk.next(count)]);
        const expected = Array.from({ length: Math.ceil(rows.length / size) }, (_, epoch) => [...shuffledOrder(seed, epoch, size)]).flat();
        expect(rows).toEqual(expected.slice(0, rows.length));
      }),
    );
  });

  it('resumes from its position as if never interrupted', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 40 }), fc.nat(100), fc.nat(100), (seed, size, before, after) => {
        const whole = shuffle({ seed, size });
        whole.next(before);
        const position = JSON.parse(JSON.stringify(whole.position)) as ShufflePosition;
        const resumed = shuffle({ seed, size, position });
        expect(resumed.next(after)).toEqual(whole.next(after));
        expect(resumed.position).toEqual(whole.position);
      }),
    );
  });

  it('refuses a position of another size', () => {
    expect(() => shuffle({ seed: 1, size: 5, position: { epoch: 0, position: 6 } })).toThrow(TaskloomError);
    expect(() => shuffle({ seed: 1, size: 0 })).toThrow(TaskloomError);
  });
});
