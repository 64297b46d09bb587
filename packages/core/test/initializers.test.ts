import '@tensorflow/tfjs-backend-cpu';
import { expectAllClose, expectTensors } from '@taskloom/testing';
import { matMul, reshape, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { type Initializer, initialize, keyTensor, random, seedKey, TaskloomError } from '../src/index';

const draws = (name: Initializer, shape: number[], options = {}) => tidy(() => initialize(name, random(3), shape, options).dataSync());
const moments = (values: ArrayLike<number>) => {
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const variance = all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length;
  return { mean, deviation: Math.sqrt(variance), greatest: Math.max(...all.map(Math.abs)) };
};

describe('scales, from fans of the shape [in 200, out 300]', () => {
  test.each([
    ['glorotUniform', Math.sqrt(2 / 500), Math.sqrt(6 / 500)],
    ['glorotNormal', Math.sqrt(2 / 500), Number.POSITIVE_INFINITY],
    ['heUniform', Math.sqrt(2 / 200), Math.sqrt(6 / 200)],
    ['heNormal', Math.sqrt(2 / 200), Number.POSITIVE_INFINITY],
    ['lecunUniform', Math.sqrt(1 / 200), Math.sqrt(3 / 200)],
    ['lecunNormal', Math.sqrt(1 / 200), Number.POSITIVE_INFINITY],
    ['uniform', 0.05 / Math.sqrt(3), 0.05],
    ['normal', 0.05, Number.POSITIVE_INFINITY],
    ['truncatedNormal', 0.02 * 0.8796, 0.04],
  ] as const)('%s', (name, deviation, bound) => {
    const found = moments(draws(name, [200, 300]));
    expect(found.deviation / deviation).toBeCloseTo(1, 1.7);
    expect(Math.abs(found.mean)).toBeLessThan((4 * deviation) / Math.sqrt(60_000));
    expect(found.greatest).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(moments(draws(name, [200, 300], { scale: 3 })).deviation).not.toBeCloseTo(found.deviation, 3);
  });

  test('fans can be given, and count the window of a convolution', () => {
    expect(moments(draws('heNormal', [3, 3, 16, 32])).deviation).toBeCloseTo(Math.sqrt(2 / 144), 2);
    expect(moments(draws('lecunNormal', [5000], { fanIn: 4 })).deviation).toBeCloseTo(0.5, 1);
    expect(moments(draws('glorotNormal', [100, 100], { fanIn: 1, fanOut: 1 })).deviation).toBeCloseTo(1, 1);
  });

  test('the truncated normal has no edge where draws pile up', () => {
    const values = draws('truncatedNormal', [100_000], { scale: 1 });
    expect(values.filter((z) => Math.abs(z) > 1.95).length / 100_000).toBeCloseTo(0.00597, 2);
  });
});

describe('orthogonal', () => {
  test.each([[[8, 5]], [[5, 8]], [[6, 6]], [[2, 3, 4]]])('%j: an orthonormal frame', (shape) => {
    tidy(() => {
      const w = reshape(initialize('orthogonal', random(1), shape), [-1, shape.at(-1)!]);
      const wide = w.shape[0]! < w.shape[1]!;
      const gram = matMul(w, w, !wide, wide);
      const size = gram.shape[0]!;
      expectAllClose(
        gram,
        Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0)),
        1e-6,
      );
    });
  });

  test('from a key in a tensor too', () => {
    expect(tidy(() => initialize('orthogonal', random(keyTensor(seedKey(9))), [4, 4]).dataSync())).toEqual(
      tidy(() => initialize('orthogonal', random(9), [4, 4]).dataSync()),
    );
  });
});

test('zeros, ones, unknown names; one tensor each', () => {
  const names: Initializer[] = ['zeros', 'ones', 'glorotUniform', 'heNormal', 'truncatedNormal', 'orthogonal', 'uniform', 'normal'];
  for (const name of names) expectTensors(() => initialize(name, random(1), [3, 2]), 1).dispose();
  expectAllClose(draws('zeros', [2]), [0, 0]);
  expectAllClose(draws('ones', [2], { scale: 3 }), [3, 3]);
  expect(draws('normal', [5])).toEqual(draws('normal', [5]));
  expect(() => initialize('xavier' as Initializer, random(1), [1])).toThrow(TaskloomError);
});
