import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rowStream } from '../src/row-stream';
import { annealed, proportional, roundRobin, temperature, uniform, uniMax } from '../src/samplers';

const sizes = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 6 }).filter((all) => all.some((size) => size > 0));
const samplers = [proportional(), temperature(5), annealed(), uniform(), roundRobin(), uniMax()];

describe('samplers', () => {
  test.each(samplers.map((sampler) => [sampler.name, sampler] as const))(
    '%s gives probabilities, none to an empty source',
    (_, sampler) => {
      fc.assert(
        fc.property(sizes, fc.integer({ min: 0, max: 99 }), (all, draw) => {
          const p = sampler.probabilities(all, draw, 100, 8);
          expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
          for (const [i, size] of all.entries()) {
            expect(p[i]).toBeGreaterThanOrEqual(0);
            if (size === 0) expect(p[i]).toBe(0);
          }
          expect(sampler.probabilities(all, draw, 100, 8)).toEqual(p);
        }),
      );
    },
  );

  test('follow their formulas', () => {
    const p = (sampler: (typeof samplers)[number], draw = 0, draws = 11) => Array.from(sampler.probabilities([1, 16], draw, draws, 1));
    expect(p(proportional())).toEqual([1 / 17, 16 / 17]);
    expect(p(temperature(4))).toEqual([1 / 3, 2 / 3]);
    expect(p(uniform())).toEqual([0.5, 0.5]);
    expect(p(annealed({ start: 1, end: 4 }))).toEqual([1 / 17, 16 / 17]);
    expect(p(annealed({ start: 1, end: 4 }), 10)).toEqual([1 / 3, 2 / 3]);
    // Half way α = (1 + ¼)/2.
    expect(p(annealed({ start: 1, end: 4 }), 5)[1]! / p(annealed({ start: 1, end: 4 }), 5)[0]!).toBeCloseTo(16 ** 0.625, 10);
    expect(Array.from({ length: 4 }, (_, draw) => p(roundRobin(), draw))).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
  });

  test('uniMax shares the budget evenly up to maxEpochs passes', () => {
    const rows = (budget: number) =>
      Array.from(uniMax({ maxEpochs: 2, budget }).probabilities([10, 100, 1000], 0, 1, 1), (p) => p * budget);
    expect(rows(30)).toEqual([10, 10, 10]);
    const some = rows(320);
    for (const [i, expected] of [20, 150, 150].entries()) expect(some[i]).toBeCloseTo(expected, 9);
    const most = rows(1220);
    for (const [i, expected] of [20, 200, 1000].entries()) expect(most[i]).toBeCloseTo(expected, 9);
  });

  test('refuse temperatures that are none', () => {
    expect(() => temperature(0)).toThrowError(/positive/);
    expect(() => proportional().probabilities([0, 0], 0, 1, 1)).toThrowError(/no row/);
  });
});

describe('rowStream', () => {
  const sources = [
    { name: 'a', size: 7, tasks: ['t'] },
    { name: 'b', size: 20, tasks: ['t'] },
    { name: 'empty', size: 0, tasks: ['t'] },
  ];
  const stream = (seed = 0) => rowStream({ sources, sampler: temperature(2), seed, draws: 1000, batchSize: 3 });

  test('gives every row once an epoch, in another order each time', () => {
    const all = stream();
    const rows = Array.from({ length: 14 }, () => Array.from(all.take('a').rows)).flat();
    const epochs = Array.from({ length: 6 }, (_, e) => rows.slice(7 * e, 7 * e + 7));
    for (const epoch of epochs) expect([...epoch].sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(epochs.map(String)).size).toBeGreaterThan(4);
    expect(all.effectiveEpochs()).toEqual({ a: 6, b: 0, empty: 0 });
  });

  test('goes on from its state, which is plain JSON', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer(), (count, seed) => {
        const [whole, first, rest] = [stream(seed), stream(seed), stream(seed)];
        for (let i = 0; i < count; i++) expect(first.next()).toEqual(whole.next());
        rest.load(JSON.parse(JSON.stringify(first.state())));
        for (let i = 0; i < 20; i++) expect(rest.next()).toEqual(whole.next());
      }),
      { numRuns: 30 },
    );
  });

  test('draws as often as the sampler says', () => {
    const all = stream();
    let a = 0;
    for (let i = 0; i < 4000; i++) a += Number(all.next().source === 'a');
    const p = Math.sqrt(7) / (Math.sqrt(7) + Math.sqrt(20));
    // Five standard deviations.
    expect(Math.abs(a / 4000 - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / 4000));
    expect(all.state().rows.empty).toBe(0);
  });
});
