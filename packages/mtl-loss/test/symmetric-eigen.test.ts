import { hostRandom } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import { gramianEigen, spectral } from '../src/gramian-eigen';
import { symmetricEigen } from '../src/symmetric-eigen';

const symmetric = (count: number, seed: number) => {
  const draws = hostRandom(seed).normal(count * count);
  return Float64Array.from({ length: count * count }, (_, at) => {
    const [i, j] = [Math.floor(at / count), at % count];
    return draws[i * count + j]! + draws[j * count + i]!;
  });
};

describe('symmetricEigen', () => {
  it('gives orthonormal vectors that rebuild the matrix, in ascending order', () => {
    for (const count of [1, 2, 3, 8, 17, 64]) {
      const matrix = symmetric(count, count);
      const { values, vectors } = symmetricEigen(matrix, count);
      expect([...values]).toEqual([...values].sort((a, b) => a - b));
      for (let i = 0; i < count; i++)
        for (let j = 0; j < count; j++) {
          let rebuilt = 0;
          let product = 0;
          for (let k = 0; k < count; k++) {
            rebuilt += values[k]! * vectors[k * count + i]! * vectors[k * count + j]!;
            product += vectors[i * count + k]! * vectors[j * count + k]!;
          }
          expect(Math.abs(rebuilt - matrix[i * count + j]!)).toBeLessThan(1e-12 * count);
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
    const { values } = symmetricEigen(matrix, count);
    for (const [k, value] of values.entries()) expect(value).toBeCloseTo(4 * Math.sin(((k + 1) * Math.PI) / (2 * (count + 1))) ** 2, 13);
  });

  it('takes what is diagonal, zero or has equal eigenvalues', () => {
    expect([...symmetricEigen(Float64Array.of(3, 0, 0, 1), 2).values]).toEqual([1, 3]);
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0]);
    expect([...symmetricEigen(Float64Array.of(0, 2, 2, 0), 2).values]).toEqual([-2, 2]);
  });

  it('keeps the digits of small eigenvalues where rows differ by 24 orders of magnitude', () => {
    const scales = [1e12, 1, 1e-12];
    const cosines = [1, 0.5, 0.2, 0.5, 1, -0.3, 0.2, -0.3, 1];
    const matrix = Float64Array.from(cosines, (cosine, at) => cosine * scales[Math.floor(at / 3)]! * scales[at % 3]!);
    const { values } = symmetricEigen(matrix, 3);
    // Each is the Schur complement of the larger rows, up to terms 24 orders smaller.
    const minor2 = 1 - 0.5 ** 2;
    const determinant = 1 + 2 * 0.5 * -0.3 * 0.2 - 0.5 ** 2 - 0.3 ** 2 - 0.2 ** 2;
    for (const [k, expected] of [(1e-24 * determinant) / minor2, minor2, 1e24].entries())
      expect(Math.abs(values[k]! / expected - 1)).toBeLessThan(1e-14);
  });
});

describe('gramianEigen', () => {
  it('tells a small gradient from a dependent one', () => {
    // Rows (1e8, 0), (1e8, 0), (0, 1e-8).
    const gramian = Float64Array.of(1e16, 1e16, 0, 1e16, 1e16, 0, 0, 0, 1e-16);
    const values = gramianEigen(gramian, 3, 1e-6).map(({ value }) => value);
    expect(values).toHaveLength(2);
    for (const [k, expected] of [1e-16, 2e16].entries()) expect(values[k]! / expected).toBeCloseTo(1, 14);
  });

  it('keeps the digits of small gradients beside large dependent ones', () => {
    // Rows (0, −1e5) twice and (−1e-5, 1e-5).
    const gramian = Float64Array.of(1e10, 1e10, -1, 1e10, 1e10, -1, -1, -1, 2e-10);
    const [small, large, ...none] = gramianEigen(gramian, 3, 1e-6);
    expect(none).toEqual([]);
    expect(small!.value).toBeCloseTo(1e-10, 20);
    expect(large!.value / 2e10).toBeCloseTo(1, 14);
    expect(small!.vector[0]! / small!.vector[2]! / 5e-11).toBeCloseTo(1, 9);
    expect(small!.vector[1]! / small!.vector[2]! / 5e-11).toBeCloseTo(1, 9);
  });

  it('makes the pseudo-inverse of Moore and Penrose', () => {
    const count = 5;
    const rows = Array.from({ length: count }, (_, i) => hostRandom(i).normal(3));
    const gramian = Float64Array.from({ length: count * count }, (_, at) =>
      rows[Math.floor(at / count)]!.reduce((sum, value, k) => sum + value * rows[at % count]![k]!, 0),
    );
    const pairs = gramianEigen(gramian, count, 1e-12);
    expect(pairs).toHaveLength(3);
    const times = (b: ArrayLike<number>) => spectral(pairs, (value) => value, b);
    const inverse = (b: ArrayLike<number>) => spectral(pairs, (value) => 1 / value, b);
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
