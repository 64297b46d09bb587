import '@tensorflow/tfjs-backend-cpu';
import { random, run } from '@taskloom/core';
import { expectAllClose, onBackends } from '@taskloom/testing';
import { concat, fill, ones, setBackend, tensor2d, tensor3d, tidy, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type PoolingKind, pooling, poolingKinds } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const tokens = [
  [
    [1, -2],
    [3, -4],
    [99, 99],
  ],
  [
    [5, 6],
    [7, 8],
    [-1, 10],
  ],
  [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
];
const mask = [
  [1, 1, 0],
  [1, 1, 1],
  [0, 0, 0],
];
const expected: { readonly [kind in PoolingKind]?: number[][] } = {
  mean: [
    [2, -3],
    [11 / 3, 8],
    [0, 0],
  ],
  max: [
    [3, -2],
    [7, 10],
    [0, 0],
  ],
  meanMax: [
    [2, -3, 3, -2],
    [11 / 3, 8, 7, 10],
    [0, 0, 0, 0],
  ],
  first: [
    [1, -2],
    [5, 6],
    [0, 0],
  ],
};

onBackends(['cpu', 'wasm'], () => {
  it.each(Object.keys(expected) as PoolingKind[])('%s, by hand', (kind) => {
    const module = pooling(kind, { width: 2 });
    expectAllClose(
      run(module, module.init(random(1)), { tokens: tensor3d(tokens), mask: tensor2d(mask) }).output,
      tensor2d(expected[kind]!),
    );
  });

  it('attention: Σ softmax(w·hₜ + b)ₜ hₜ over the tokens', () => {
    const module = pooling('attention', { width: 2 });
    const params = { score: { kernel: tensor2d([[0.5], [-0.25]]), bias: fill([1], 0.3) } };
    const { output, records } = run(module, params, { tokens: tensor3d(tokens), mask: tensor2d(mask) });
    const rows = tokens.map((row, n) => {
      const e = row.map(([a, b], t) => (mask[n]![t] ? Math.exp(0.5 * a! - 0.25 * b! + 0.3) : 0));
      const total = e.reduce((a, b) => a + b, 0) || 1;
      return [0, 1].map((j) => row.reduce((sum, h, t) => sum + (e[t]! / total) * h[j]!, 0));
    });
    expectAllClose(output, tensor2d(rows));
    expect(records.attention!.shape).toEqual([3, 3]);
  });
});

describe('padding', () => {
  it.each(poolingKinds)('%s: what stands at padding, and how much of it there is, has no influence', (kind) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), (seed, length, padding) => {
        tidy(() => {
          const module = pooling(kind, { width: 2 });
          const params = module.init(random(seed));
          const x = random(seed)
            .fold('x')
            .normal([1, length + 1, 2]);
          const m = concat([ones([1, length]), zeros([1, 1])], 1);
          const junk = random(seed).fold('junk').normal([1, padding, 2]);
          const bare = run(module, params, { tokens: x, mask: m }).output;
          const padded = run(module, params, { tokens: concat([x, junk], 1), mask: concat([m, zeros([1, padding])], 1) }).output;
          expectAllClose(padded, bare, 1e-6);
          expect([...bare.dataSync()].every(Number.isFinite)).toBe(true);
          if (length === 0) expectAllClose(bare, zeros(bare.shape), 0);
        });
      }),
      { numRuns: 25 },
    );
  });

  it('names the nearest kind', () => {
    expect(() => pooling('atention' as 'attention', { width: 2 })).toThrow(/Did you mean 'attention'\?/);
  });
});
