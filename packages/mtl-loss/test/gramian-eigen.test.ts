import { hostRandom, hostRowsOf } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import { gramianEigen, spectral } from '../src/gramian-eigen';

/** G = J Jᵀ of standard normal rows. */
const gramianOf = (count: number, seed: number) => {
  const rows = Array.from({ length: count }, (_, i) => hostRandom(seed).fold(i).normal(count));
  return Float64Array.from({ length: count * count }, (_, at) =>
    rows[Math.floor(at / count)]!.reduce((sum, value, k) => sum + value * rows[at % count]![k]!, 0),
  );
};
const valuesOf = (gramian: Float64Array) => gramianEigen(hostRowsOf(gramian, Math.sqrt(gramian.length)), 0).map(([value]) => value);

describe('gramianEigen', () => {
  it('gives orthonormal vectors that rebuild the Gramian, in ascending order', () => {
    for (const count of [1, 2, 3, 8, 17, 64]) {
      const gramian = gramianOf(count, count);
      const pairs = gramianEigen(hostRowsOf(gramian, count), 0);
      expect(pairs.map(([value]) => value)).toEqual(valuesOf(gramian).sort((a, b) => a - b));
      expect(pairs).toHaveLength(count);
      for (let i = 0; i < count; i++)
        for (let j = 0; j < count; j++) {
          const rebuilt = pairs.reduce((sum, [value, vector]) => sum + value * vector[i]! * vector[j]!, 0);
          const product = pairs[i]![1].reduce((sum, value, k) => sum + value * pairs[j]![1][k]!, 0);
          expect(Math.abs(rebuilt - gramian[i * count + j]!)).toBeLessThan(1e-12 * count);
          expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-13 * count);
        }
    }
  });

  it('knows the eigenvalues of the second difference', () => {
    const count = 12;
    const matrix = Float64Array.from({ length: count * count }, (_, at) => {
      const apart = Math.abs(Math.floor(at / count) - (at % count));
      return apart === 0 ? 2 : apart === 1 ? -1 : 0;
    });
    for (const [k, value] of valuesOf(matrix).entries())
      expect(value).toBeCloseTo(4 * Math.sin(((k + 1) * Math.PI) / (2 * (count + 1))) ** 2, 13);
  });

  it('takes what is diagonal, zero or has equal eigenvalues', () => {
    expect(valuesOf(Float64Array.of(4, 0, 0, 1))).toEqual([1, 4]);
    expect(valuesOf(Float64Array.of(4, 0, 0, 4))).toEqual([4, 4]);
    expect(valuesOf(new Float64Array(9))).toEqual([]);
  });

  it('keeps the digits of small eigenvalues where rows differ by 24 orders of magnitude', () => {
    const scales = [1e12, 1, 1e-12];
    const cosines = [1, 0.5, 0.2, 0.5, 1, -0.3, 0.2, -0.3, 1];
    const values = valuesOf(Float64Array.from(cosines, (cosine, at) => cosine * scales[Math.floor(at / 3)]! * scales[at % 3]!));
    // Each is the Schur complement of the larger rows, up to terms 24 orders smaller.
    const minor2 = 1 - 0.5 ** 2;
    const determinant = 1 + 2 * 0.5 * -0.3 * 0.2 - 0.5 ** 2 - 0.3 ** 2 - 0.2 ** 2;
    for (const [k, expected] of [(1e-24 * determinant) / minor2, minor2, 1e24].entries())
      expect(Math.abs(values[k]! / expected - 1)).toBeLessThan(1e-14);
  });

  it('tells a small gradient from a dependent one', () => {
    // Rows (1e8, 0), (1e8, 0), (0, 1e-8).
    const gramian = Float64Array.of(1e16, 1e16, 0, 1e16, 1e16, 0, 0, 0, 1e-16);
    const values = gramianEigen(hostRowsOf(gramian, 3), 1e-6).map(([value]) => value);
    expect(values).toHaveLength(2);
    for (const [k, expected] of [1e-16, 2e16].entries()) expect(values[k]! / expected).toBeCloseTo(1, 14);
  });

  it('keeps the digits of small gradients beside large dependent ones', () => {
    // Rows (0, −1e5) twice and (−1e-5, 1e-5).
    const gramian = Float64Array.of(1e10, 1e10, -1, 1e10, 1e10, -1, -1, -1, 2e-10);
    const [small, large, ...none] = gramianEigen(hostRowsOf(gramian, 3), 1e-6);
    expect(none).toEqual([]);
    expect(small![0]).toBeCloseTo(1e-10, 20);
    expect(large![0] / 2e10).toBeCloseTo(1, 14);
    expect(small![1][0]! / small![1][2]! / 5e-11).toBeCloseTo(1, 9);
    expect(small![1][1]! / small![1][2]! / 5e-11).toBeCloseTo(1, 9);
  });

  it('makes the pseudo-inverse of Moore and Penrose', () => {
    const count = 5;
    const rows = Array.from({ length: count }, (_, i) => hostRandom(i).normal(3));
    const gramian = Float64Array.from({ length: count * count }, (_, at) =>
      rows[Math.floor(at / count)]!.reduce((sum, value, k) => sum + value * rows[at % count]![k]!, 0),
    );
    const pairs = gramianEigen(hostRowsOf(gramian, count), 1e-12);
    expect(pairs).toHaveLength(3);
    const times = (b: ArrayLike<number>) => spectral(pairs, 1, b);
    const inverse = (b: ArrayLike<number>) => spectral(pairs, -1, b);
    const b = Float64Array.from(hostRandom(9).normal(count));
    for (const [i, value] of times(inverse(times(b))).entries()) expect(value).toBeCloseTo(times(b)[i]!, 10);
    for (const [i, value] of inverse(times(inverse(b))).entries()) expect(value).toBeCloseTo(inverse(b)[i]!, 10);
    for (const [i, value] of times(b).entries())
      expect(value).toBeCloseTo(
        b.reduce((sum, part, j) => sum + gramian[i * count + j]! * part, 0),
        10,
      );
  });
});
