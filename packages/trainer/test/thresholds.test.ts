import { hostRandom } from '@taskloom/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy, bestClassThresholds, bestF1Threshold, f1, multiLabelF1 } from '../src/index';

const score = fc.integer({ min: 0, max: 6 }).map((n) => Math.fround(0.1 + n / 10));
const rows = fc.array(fc.tuple(fc.constantFrom(0, 1), score), { minLength: 1, maxLength: 30 });

const f1At = (targets: readonly number[], scores: readonly number[], threshold: number) =>
  multiLabelF1(
    targets.map((target) => [target]),
    scores.map((value) => [Number(value >= threshold)]),
  );

describe('bestF1Threshold', () => {
  it('lies halfway between neighbouring scores', () => {
    expect(bestF1Threshold([1, 1, 0, 0], [0.875, 0.5, 0.25, 0.125])).toBe(0.375);
    expect(bestF1Threshold([0, 1], [0.5, 0.25])).toBe(0.25);
    expect(bestF1Threshold([0, 0], [0.5, 0.25])).toBeUndefined();
    expect(bestF1Threshold([], [])).toBeUndefined();
  });

  it('is as good as the best of all thresholds', () => {
    fc.assert(
      fc.property(rows, (pairs) => {
        const [targets, scores] = [pairs.map(([target]) => target), pairs.map(([, value]) => value)];
        const found = bestF1Threshold(targets, scores);
        const best = Math.max(...scores.map((value) => f1At(targets, scores, value)));
        if (targets.includes(1)) expect(f1At(targets, scores, found!)).toBe(best);
        else expect(found).toBeUndefined();
      }),
    );
  });

  it('separates scores between which float32 has no other number', () => {
    const low = Math.fround(0.3);
    const high = Math.fround(low + 2 ** -25);
    expect(high).toBeGreaterThan(low);
    const found = bestF1Threshold([1, 0], [high, low])!;
    expect([found > low, found <= high, Math.fround(found)]).toEqual([true, true, found]);
  });
});

describe('bestClassThresholds', () => {
  const macroF1 = (targets: readonly number[], labels: readonly number[]) => f1(targets, labels, 3, 'macro');
  const decided = (rows: readonly (readonly number[])[], thresholds: readonly number[]) =>
    rows.map((row) => row.reduce((best, p, k) => (p / thresholds[k]! > row[best]! / thresholds[best]! ? k : best), 0));
  /** Rows of known probabilities, their classes drawn from these: a rare class is hardly ever the most probable. */
  const drawn = (count: number, seed: number) => {
    const draw = hostRandom(seed);
    const [a, b, u] = [draw.fold('a').uniform(count), draw.fold('b').uniform(count), draw.fold('u').uniform(count)];
    const rows = Array.from(a, (x, i) => [0.9 - 0.45 * x, 0.1 * (1 - b[i]!), 0.45 * x + 0.1 * b[i]!]);
    return { rows, targets: rows.map(([p, q], i) => (u[i]! < p! ? 0 : u[i]! < p! + q! ? 1 : 2)) };
  };

  it('raise macro F1 on rows that they were not found on, and are of sum 1', () => {
    const [seen, others] = [drawn(2000, 1), drawn(2000, 2)];
    const thresholds = bestClassThresholds(seen.targets, seen.rows, macroF1);
    expect(thresholds.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    const [before, after] = [[1, 1, 1], thresholds].map((each) => macroF1(others.targets, decided(others.rows, each)));
    expect(after! - before!).toBeGreaterThan(0.05);
    expect(thresholds[1]!).toBeLessThan(thresholds[0]!);
  });

  it('of two classes come near the threshold with the greatest F1', () => {
    const { rows, targets } = drawn(2000, 3);
    const two = rows.map(([p, ...others]) => [p!, others[0]! + others[1]!]);
    const positives = targets.map((target) => Number(target > 0));
    const score = (t: readonly number[], labels: readonly number[]) =>
      f1(t, labels, 2, 'macro') * 0 +
      multiLabelF1(
        t.map((x) => [x]),
        labels.map((x) => [x]),
      );
    const best = bestF1Threshold(
      positives,
      two.map(([, p]) => p!),
    )!;
    const [, threshold] = bestClassThresholds(positives, two, score);
    const at = (least: number) =>
      score(
        positives,
        two.map(([, p]) => Number(p! >= least)),
      );
    expect(at(threshold!)).toBeGreaterThan(at(best) - 0.02);
    expect(at(threshold!)).toBeGreaterThan(at(0.5) + 0.05);
  });

  it('stay equal where what one half of the rows says of the other is chance, and are never worse on the rows that they were found on', () => {
    const moved = Array.from({ length: 20 }, (_, seed) => {
      const { rows } = drawn(200, seed);
      const noise = Array.from(hostRandom(seed).fold('noise').uniform(200), (u) => Math.floor(3 * u));
      const thresholds = bestClassThresholds(noise, rows, accuracy);
      expect(accuracy(noise, decided(rows, thresholds))).toBeGreaterThanOrEqual(accuracy(noise, decided(rows, [1, 1, 1])));
      return Number(thresholds.some((threshold) => Math.abs(threshold - 1 / 3) > 1e-12));
    });
    expect(moved.reduce((a, b) => a + b)).toBeLessThan(10);
    expect(bestClassThresholds([], [], accuracy)).toEqual([]);
    expect(bestClassThresholds([1], [[0.5, 0.5]], accuracy)).toEqual([0.5, 0.5]);
  });
});
