import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constant, cosine, exponential, inverseSquareRoot, linear, oneCycle, polynomial, stepwise, warmup } from '../../src/optimizers';

describe('schedules', () => {
  it('take their values at the ends and corners', () => {
    expect(constant(0.1)(1e6)).toBe(0.1);
    expect([0, 5, 10, 99].map(linear({ from: 1, steps: 10 }))).toEqual([1, 0.5, 0, 0]);
    expect([0, 5, 10, 99].map(polynomial({ from: 1, to: 0.2, steps: 10 }))).toEqual([1, 0.2 + 0.8 * 0.25, 0.2, 0.2]);
    const held = cosine({ from: 1, to: 0.1, steps: 10 });
    expect(held(5)).toBeCloseTo(0.55, 12);
    expect([held(10), held(11)]).toEqual([0.1, 0.1]);
    const restarts = cosine({ from: 1, steps: 2, end: 'restart', lengthen: 2 });
    expect([0, 2, 6, 14].map(restarts)).toEqual([1, 1, 1, 1]);
    expect(restarts(4)).toBeCloseTo(0.5, 12);
    expect(cosine({ from: 1, steps: 4, end: 'restart' })(6)).toBeCloseTo(0.5, 12);
    expect(exponential({ from: 1, factor: 0.5, every: 2 })(4)).toBe(0.25);
    expect([0, 2, 3, 6].map(stepwise({ from: 1, factor: 0.5, every: 3 }))).toEqual([1, 1, 0.5, 0.25]);
    expect([0, 2, 5, 9].map(stepwise({ from: 1, factor: 0.5, at: [2, 9] }))).toEqual([1, 0.5, 0.5, 0.25]);
    expect([0, 4, 16].map(inverseSquareRoot({ peak: 1, steps: 4 }))).toEqual([1, 1, 0.5]);
    expect([0, 1, 2, 4].map(warmup(linear({ from: 1, steps: 4 }), { steps: 2 }))).toEqual([0, 0.5, 1, 0.5]);
    // Smith and Topin with the defaults of PyTorch: 1/25 of the peak at first, the peak at 30 % − 1, start/1e4 at last.
    const cycle = oneCycle({ peak: 1, steps: 10 });
    expect([cycle(0), cycle(2), cycle(9), cycle(50)].map((rate) => Number(rate.toFixed(9)))).toEqual([0.04, 1, 4e-6, 4e-6]);
  });

  it('stay finite and within their range', () => {
    const steps = fc.integer({ min: 2, max: 1000 });
    fc.assert(
      fc.property(steps, fc.nat(3000), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (length, step, rise) => {
        for (const schedule of [
          linear({ from: 1, steps: length }),
          cosine({ from: 1, steps: length, end: 'restart', lengthen: 2 }),
          warmup(cosine({ from: 1, steps: length }), { steps: 10 }),
          oneCycle({ peak: 1, steps: length, rise }),
          inverseSquareRoot({ peak: 1, steps: length }),
        ]) {
          const rate = schedule(step);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(rate).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
    );
  });

  it('refuse options out of range', () => {
    for (const make of [
      () => constant(-1),
      () => linear({ from: 1, steps: 0 }),
      () => cosine({ from: Number.NaN, steps: 3 }),
      () => stepwise({ from: 1, factor: 0.5 }),
      () => stepwise({ from: 1, factor: 0.5, every: 2, at: [1] }),
      () => oneCycle({ peak: 1, steps: 10, rise: 1 }),
      () => exponential({ from: 1, factor: 0 }),
    ])
      expect(make).toThrow(expect.objectContaining({ code: 'bad_option' }));
  });
});
