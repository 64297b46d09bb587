import { onBackends } from '@taskloom/testing';
import { ones } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { run } from '../../src/module';
import { dropout, sequential } from '../../src/modules';
import { random } from '../../src/random';

onBackends(['cpu', 'wasm'], () => {
  it('keeps an element with probability 1 − rate and divides it by that', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.95, noNaN: true }), fc.integer(), (rate, seed) => {
        const size = 4000;
        const y = run(dropout({ rate }), {}, ones([size]), { training: true, random: random(seed) }).output.dataSync();
        const kept = y.filter((value) => value !== 0);
        expect(kept.every((value) => Math.abs(value * (1 - rate) - 1) < 1e-5)).toBe(true);
        // Five deviations of a binomial.
        expect(Math.abs(kept.length / size - (1 - rate))).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / size));
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('depends on the stream alone: of each module its own, the same each time', () => {
    const module = sequential([dropout({ rate: 0.5 }), dropout({ rate: 0.5 })]);
    const draw = (seed: number) => run(module, { 0: {}, 1: {} }, ones([100]), { training: true, random: random(seed) }).output.dataSync();
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(new Set(draw(1))).toEqual(new Set([0, 4])); // not twice the same mask, of which 0 and 4 would be half each
    expect(draw(1).filter((value) => value === 4).length).toBeLessThan(40);
  });
});

it('is nothing outside training or at rate 0, and refuses rates that are none', () => {
  const x = ones([3]);
  expect(run(dropout({ rate: 0.5 }), {}, x).output).toBe(x);
  expect(run(dropout({ rate: 0 }), {}, x, { training: true }).output).toBe(x);
  for (const rate of [-0.1, 1, Number.NaN]) expect(() => dropout({ rate })).toThrowError(expect.objectContaining({ code: 'bad_option' }));
  expect(() => run(dropout({ rate: 0.5 }), {}, x, { training: true })).toThrowError(expect.objectContaining({ code: 'random_missing' }));
});
