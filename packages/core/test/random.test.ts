import { expectAllClose, expectTensors, expectTraceable, onBackends } from '@taskloom/testing';
import { memory, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { bernoulliDraws, normalDraws, normalTables, uniformDraws } from '../src/host-random';
import { foldKey, hashString, hostRandom, type Key, keyTensor, random, randomBits, seedKey } from '../src/index';

onBackends(['cpu', 'wasm'], () => {
  test('the same bits on the host and in the kernel, from a key and from a tensor', () => {
    expectTensors(() => {
      tidy(() => {
        const host = hostRandom('bits').fold(3).fold('dropout');
        for (const stream of [random('bits'), random(keyTensor(seedKey('bits')))]) {
          const folded = stream.fold(3).fold('dropout');
          expect(folded.uniform([7, 11]).dataSync()).toEqual(host.uniform(77));
          expect(folded.normal([7, 11]).dataSync()).toEqual(host.normal(77));
          expect(folded.normal([7, 11]).shape).toEqual([7, 11]);
        }
      });
    }, 0);
  });

  test('a stream gives the same each time; each draw is one tensor of the caller', () => {
    const stream = random(5);
    const before = memory().numTensors;
    const [a, b] = [stream.normal([4]), stream.normal([4])];
    expect(memory().numTensors - before).toBe(2);
    expect(a.dataSync()).toEqual(b.dataSync());
    a.dispose();
    b.dispose();
    expect(random(6).normal([0]).size).toBe(0);
  });
});

test('draws are traceable', async () => {
  await expectTraceable(() => {
    const stream = random(keyTensor(seedKey(1)))
      .fold('dropout')
      .fold(2);
    stream.normal([3]);
    stream.uniform([3]);
  });
});

/** Kolmogorov's D·√n of sorted values against a distribution function; above 1.95 once in 1000 samples of the distribution. */
function kolmogorov(values: Float32Array, cumulative: (x: number) => number): number {
  const sorted = Float64Array.from(values).sort();
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = cumulative(x);
    distance = Math.max(distance, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  });
  return distance * Math.sqrt(sorted.length);
}

/** (χ² − df)/√(2·df): standard normal for many degrees of freedom. */
function chiSquare(counts: readonly number[], expected: number): number {
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return (statistic - (counts.length - 1)) / Math.sqrt(2 * (counts.length - 1));
}

/** Φ(x) by its series, good to 1e-14 for |x| < 6. */
function normalCumulative(x: number): number {
  let [term, sum] = [x, x];
  for (let k = 1; k < 150; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}

const count = 200_000;
const correlation = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    sa += a[i]!;
    sb += b[i]!;
    saa += a[i]! ** 2;
    sbb += b[i]! ** 2;
    sab += a[i]! * b[i]!;
  }
  const n = a.length;
  return (sab / n - (sa / n) * (sb / n)) / Math.sqrt((saa / n - (sa / n) ** 2) * (sbb / n - (sb / n) ** 2));
};

describe.each([0, 1, 'text', -5, 2 ** 31])('statistics of seed %s', (seed) => {
  const key = seedKey(seed);

  test('uniform: Kolmogorov–Smirnov, χ² of 1000 cells, of pairs, of every bit', () => {
    const draws = uniformDraws(key, count);
    expect(Math.min(...draws.slice(0, 1e5))).toBeGreaterThanOrEqual(0);
    expect(draws.every((u) => u < 1)).toBe(true);
    expect(kolmogorov(draws, (u) => u)).toBeLessThan(1.95);
    const cells = Array<number>(1000).fill(0);
    for (const u of draws) cells[Math.floor(u * 1000)]!++;
    expect(Math.abs(chiSquare(cells, count / 1000))).toBeLessThan(4);
    const pairs = Array<number>(1024).fill(0);
    for (let i = 0; i + 1 < count; i += 2) pairs[Math.floor(draws[i]! * 32) * 32 + Math.floor(draws[i + 1]! * 32)]!++;
    expect(Math.abs(chiSquare(pairs, count / 2 / 1024))).toBeLessThan(4);
    for (let bit = 0; bit < 32; bit++) {
      let ones = 0;
      for (let i = 0; i < 20_000; i++) ones += (randomBits(key, i) >>> bit) & 1;
      expect(Math.abs(ones - 10_000) / Math.sqrt(5000), `bit ${bit}`).toBeLessThan(4.5);
    }
  });

  test('normal: Kolmogorov–Smirnov, moments, tails', () => {
    const draws = normalDraws(key, count);
    expect(kolmogorov(draws, normalCumulative)).toBeLessThan(1.95);
    const moment = (power: number) => draws.reduce((sum, z) => sum + z ** power, 0) / count;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / count));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
    const beyond3 = draws.filter((z) => Math.abs(z) > 3).length;
    expect(Math.abs(beyond3 - 0.0026998 * count)).toBeLessThan(4 * Math.sqrt(0.0026998 * count));
  });

  test('bernoulli: frequency, pairs, the two halves of a word, and streams, are independent', () => {
    for (const probability of [0.1, 0.5, 0.9]) {
      const draws = bernoulliDraws(key, count, probability);
      const deviation = (ones: number, n: number, p: number) => Math.abs(ones - n * p) / Math.sqrt(n * p * (1 - p));
      const sum = (a: Float32Array, b: Float32Array) => a.reduce((total, x, i) => total + x * b[i]!, 0);
      expect(draws.every((x) => x === 0 || x === 1)).toBe(true);
      expect(deviation(sum(draws, draws), count, probability)).toBeLessThan(4);
      const half = Math.ceil(count / 2);
      const halves = sum(draws.slice(0, count - half), draws.slice(half));
      expect(deviation(halves, count - half, probability ** 2)).toBeLessThan(4);
      for (const lag of [1, 2, 64])
        expect(deviation(sum(draws.slice(lag), draws.slice(0, -lag)), count - lag, probability ** 2)).toBeLessThan(6);
      const other = bernoulliDraws(foldKey(key, 1), count, probability);
      expect(deviation(sum(draws, other), count, probability ** 2)).toBeLessThan(4);
    }
    expect([...bernoulliDraws(key, 5, 0)]).toEqual([0, 0, 0, 0, 0]);
    expect([...bernoulliDraws(key, 5, 1)]).toEqual([1, 1, 1, 1, 1]);
  });

  test('folded streams, neighbouring seeds and lags are independent', () => {
    const bound = 4 / Math.sqrt(20_000);
    const draw = (k: Key) => uniformDraws(k, 20_000);
    const base = draw(key);
    const folds = [0, 1, 2, 'a', 'b'].map((id) => draw(foldKey(key, id)));
    for (const [i, a] of folds.entries()) {
      expect(Math.abs(correlation(base, a))).toBeLessThan(bound);
      for (const b of folds.slice(i + 1)) expect(Math.abs(correlation(a, b))).toBeLessThan(bound);
    }
    expect(Math.abs(correlation(draw(seedKey(11)), draw(seedKey(12))))).toBeLessThan(bound);
    for (const lag of [1, 2, 64]) expect(Math.abs(correlation(base.slice(lag), base.slice(0, -lag)))).toBeLessThan(bound);
    // First numbers of 20,000 streams, one fold each.
    const first = Float32Array.from({ length: 20_000 }, (_, i) => uniformDraws(foldKey(key, i), 1)[0]!);
    expect(kolmogorov(first, (u) => u)).toBeLessThan(1.95);
  });

  test('permutations: all there, each place equally likely', () => {
    const order = hostRandom(seed).permutation(1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const text = hostRandom(seed).fold(i).permutation(4).join('');
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()], 1000)).toBeLessThan(4);
    expect([...hostRandom(seed).permutation(0)]).toEqual([]);
  });
});

describe('keys and tables', () => {
  test('no two of 10,000 sub-streams share a key', () => {
    const keys = new Set(Array.from({ length: 10_000 }, (_, i) => foldKey(seedKey(0), i).join()));
    expect(keys.size).toBe(10_000);
    expect(foldKey(seedKey(0), '1')).not.toEqual(foldKey(seedKey(0), 1));
  });

  test('FNV-1a of known strings', () => {
    expect(hashString('') >>> 0).toBe(0x811c9dc5);
    expect(hashString('a') >>> 0).toBe(0xe40c292c);
    expect(hashString('foobar') >>> 0).toBe(0xbf9cf968);
  });

  test('pinned draws: a change of these changes every model', () => {
    expect([randomBits([1, 2], 0), randomBits([1, 2], 1)]).toMatchInlineSnapshot(`
      [
        779996176,
        1576526102,
      ]
    `);
    expect(seedKey(42)).toMatchInlineSnapshot(`
      [
        1738948598,
        -77146546,
      ]
    `);
    expect([...uniformDraws(seedKey(42), 3)]).toMatchInlineSnapshot(`
      [
        0.3251529335975647,
        0.8178852200508118,
        0.826357901096344,
      ]
    `);
    expect([...normalDraws(seedKey(42), 3)]).toMatchInlineSnapshot(`
      [
        -0.45333725214004517,
        0.9073353409767151,
        0.939870297908783,
      ]
    `);
  });

  test('quantiles of the normal distribution', () => {
    const { cells, tail } = normalTables();
    expectAllClose([cells[2048]!, cells[1024]!, cells[3072]!], [0, -0.6744897501960817, 0.6744897501960817], 1e-7);
    // Φ⁻¹(2⁻¹²), Φ⁻¹(1/128), Φ⁻¹(1/16)
    expectAllClose([cells[1]!, cells[32]!, cells[256]!], [-3.4871041041144313, -2.417559016236505, -1.5341205443525459], 1e-7);
    expectAllClose([cells[4095]!], [-cells[1]!], 1e-7);
    for (let i = 1; i < 4096; i += 7) expect(Math.abs(normalCumulative(cells[i]!) * 4096 - i)).toBeLessThan(1e-3);
    for (const j of [0, 1, 10, 100, 4095]) expect(normalCumulative(tail[j]!) * 2 ** 24).toBeCloseTo(j + 0.5, 2);
    for (let j = 1; j < 4096; j++) expect(tail[j]!).toBeGreaterThanOrEqual(tail[j - 1]!);
    expectAllClose([tail[0]!], [-5.419983174916869], 1e-7);
  });
});
