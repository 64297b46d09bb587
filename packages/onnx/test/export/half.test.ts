import fc from 'fast-check';
import { expect, test } from 'vitest';
import { halvesOf } from '../../src/export/half';

/** The number that a binary16 word is, by the definition of IEEE 754. */
function numberOf(word: number): number {
  const [sign, exponent, fraction] = [word >> 15, (word >> 10) & 31, word & 1023];
  const magnitude =
    exponent === 31
      ? fraction === 0
        ? Infinity
        : Number.NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return sign === 1 ? -magnitude : magnitude;
}

test('every half is itself', () => {
  const words = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((word) => !Number.isNaN(numberOf(word)));
  expect(halvesOf(Float32Array.from(words, numberOf))).toEqual(words);
  expect(Number.isNaN(numberOf(halvesOf(Float32Array.of(Number.NaN))[0]!))).toBe(true);
});

test('every float becomes the nearest half, of two as near the even one', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
      const [word] = halvesOf(Float32Array.of(x));
      const near = (other: number) => Math.abs(numberOf(other) - x);
      if (Math.abs(x) >= 65520) {
        expect(numberOf(word!)).toBe(Math.sign(x) * Infinity);
        return;
      }
      for (const other of [word! - 1, word! + 1])
        if (Number.isFinite(numberOf(other)) && Math.sign(numberOf(other)) === Math.sign(x))
          expect(near(word!) < near(other) || (near(word!) === near(other) && (word! & 1) === 0)).toBe(true);
    }),
    { numRuns: 5000 },
  );
});
