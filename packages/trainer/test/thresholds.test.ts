import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestF1Threshold, multiLabelF1 } from '../src/index';

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
