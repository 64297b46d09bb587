import { hostRandom } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import { studentQuantile } from '../src/student';
import { summarizeStudy } from '../src/study';

const runs = (...scores: { [unit: string]: number }[]) => scores.map((own, seed) => ({ seed, scores: own }));

describe('summarizeStudy', () => {
  const units = { accuracy: { higherIsBetter: true }, error: { higherIsBetter: false } };
  const single = runs({ accuracy: 0.8, error: 2 }, { accuracy: 0.8, error: 2 });
  const methods = {
    sum: runs({ accuracy: 0.8, error: 2 }, { accuracy: 0.82, error: 2.1 }, { accuracy: 0.78, error: 1.9 }),
    best: runs({ accuracy: 0.88, error: 1 }, { accuracy: 0.881, error: 1 }, { accuracy: 0.879, error: 1 }),
    near: runs({ accuracy: 0.81, error: 2 }, { accuracy: 0.8, error: 2.05 }, { accuracy: 0.79, error: 1.95 }),
    worst: runs({ accuracy: 0.4, error: 4 }, { accuracy: 0.401, error: 4 }, { accuracy: 0.399, error: 4 }),
  };

  it('Δm is the mean relative drop from single-task models, less is better, the best first', () => {
    const summary = summarizeStudy({ units, methods, single, baseline: 'sum' });
    expect(summary.map(({ method }) => method).at(0)).toBe('best');
    expect(summary.map(({ method }) => method).at(-1)).toBe('worst');
    // Accuracy + 10 %, error − 50 %: on average 30 % better.
    expect(summary[0]!.deltaM.mean).toBeCloseTo(-30, 8);
    expect(summary.at(-1)!.deltaM.mean).toBeCloseTo((50 + 100) / 2, 8);
    expect(summary[0]!.units.accuracy).toMatchObject({ mean: expect.closeTo(0.88, 10), sd: expect.closeTo(0.001, 10), seeds: 3 });
  });

  it('ranks by unit, ties shared', () => {
    const summary = Object.fromEntries(
      summarizeStudy({ units, methods, single, baseline: 'sum' }).map(({ method, meanRank }) => [method, meanRank]),
    );
    expect(summary.best).toBe(1);
    expect(summary.worst).toBe(4);
    expect(summary.sum! + summary.near!).toBe(5);
    expect(summary.near).toBe(2.5);
  });

  it('says what the seeds can tell and what they cannot', () => {
    const verdicts = Object.fromEntries(
      summarizeStudy({ units, methods, single, baseline: 'sum' }).map(({ method, versus }) => [method, versus.verdict]),
    );
    expect(verdicts).toEqual({ best: 'better', worst: 'worse', near: 'noise', sum: 'noise' });
    const one = summarizeStudy({ units, methods: { sum: methods.sum, once: methods.best.slice(0, 1) }, single, baseline: 'sum' });
    expect(one.find(({ method }) => method === 'once')!.versus).toMatchObject({ verdict: 'unknown', half: Number.NaN });
  });

  it('calls no more than one in twenty of equal methods different', () => {
    let different = 0;
    for (let trial = 0; trial < 400; trial++) {
      const draws = hostRandom(trial).normal(6);
      const scores = (from: number) => runs(...[0, 1, 2].map((i) => ({ accuracy: 0.8 + 0.01 * draws[from + i]! })));
      const [first] = summarizeStudy({
        units: { accuracy: units.accuracy },
        methods: { sum: scores(0), same: scores(3) },
        baseline: 'sum',
      });
      const [second] = summarizeStudy({
        units: { accuracy: units.accuracy },
        methods: { sum: scores(0), same: scores(3) },
        baseline: 'sum',
      }).slice(1);
      if ([first, second].some((row) => row!.method === 'same' && row!.versus.verdict !== 'noise')) different++;
    }
    expect(different).toBeLessThanOrEqual(30);
  });

  it('tells a missing baseline or score', () => {
    expect(() => summarizeStudy({ units, methods, baseline: 'log' })).toThrow(/no run of 'log'/);
    expect(() => summarizeStudy({ units, methods: { sum: runs({ accuracy: 1 }) }, baseline: 'sum' })).toThrow(/no score for 'error'/);
  });
});

it("Student's quantiles are those of the tables", () => {
  for (const [freedom, quantile] of [
    [1, 12.7062],
    [2, 4.30265],
    [3, 3.18245],
    [4, 2.77645],
    [10, 2.22814],
    [30, 2.04227],
    [1000, 1.96234],
  ] as const)
    expect(studentQuantile(0.975, freedom)).toBeCloseTo(quantile, 4);
  expect(studentQuantile(0.995, 5)).toBeCloseTo(4.03214, 4);
});
