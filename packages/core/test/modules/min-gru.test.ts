import { expectAllClose, onBackends } from '@taskloom/testing';
import { mul, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients';
import { run } from '../../src/module';
import { type MinGruParams, minGru } from '../../src/modules';
import { flatten, type Params } from '../../src/params';
import { random } from '../../src/random';

/** The formula, token by token, in double precision. */
function reference(
  { forward, backward }: MinGruParams,
  tokens: number[][][],
  mask: number[][],
  units: number,
  window: number,
): number[][][] {
  const left = Math.floor((window - 1) / 2);
  const x = tokens.map((row, n) =>
    row.map((_, t) =>
      Array.from(
        { length: window },
        (_, k) => row[t - left + k]?.map((value) => value * mask[n]![t - left + k]!) ?? row[0]!.map(() => 0),
      ).flat(),
    ),
  );
  const direction = ({ kernel, bias }: MinGruParams['forward'], fromEnd: boolean) => {
    const [w, b] = [kernel.arraySync() as number[][], bias.arraySync() as number[]];
    return x.map((row, n) => {
      const states = row.map(() => new Array<number>(units).fill(0));
      let state = new Array<number>(units).fill(0);
      const order = [...row.keys()];
      for (const t of fromEnd ? order.reverse() : order) {
        const of = (j: number) => row[t]!.reduce((s, value, i) => s + value * w[i]![j]!, b[j]!);
        state = state.map((h, j) => {
          const z = mask[n]![t]! / (1 + Math.exp(-of(j)));
          return (1 - z) * h + z * of(units + j);
        });
        states[t] = state;
      }
      return states;
    });
  };
  const [ahead, back] = [direction(forward, false), direction(backward, true)];
  return ahead.map((row, n) => row.map((state, t) => [...state, ...back[n]![t]!]));
}

describe('minGru', () => {
  onBackends(['cpu', 'wasm'], () => {
    it('is the formula, in training and outside of it, whatever the length', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 1, max: 3 }),
          fc.integer({ min: 1, max: 3 }),
          fc.constantFrom(1, 2, 3),
          fc.nat(),
          (time, units, rows, window, seed) => {
            tidy(() => {
              const module = minGru({ inputs: 2, units, window, length: 9 });
              const params = module.init(random(seed));
              const tokens = random('x').fold(seed).normal([rows, time, 2]);
              const kept = Array.from({ length: rows }, (_, n) => Array.from({ length: time }, (_, t) => (t > (seed + n) % time ? 0 : 1)));
              const expected = tensor(reference(params, tokens.arraySync() as number[][][], kept, units, window));
              for (const training of [true, false])
                expectAllClose(run(module, params, { tokens, mask: tensor(kept) }, { training, random: random(0) }).output, expected, 1e-5);
            });
          },
        ),
        { numRuns: 20 },
      );
    });

    it('has the same gradients in training and outside of it', () => {
      const module = minGru({ inputs: 3, units: 2, window: 2, length: 5 });
      const params = module.init(random(1));
      const tokens = random('x').normal([2, 5, 3]);
      const mask = tensor([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 5]);
      const weights = random('w').normal([2, 5, 4]);
      const [steps, rounds] = [true, false].map((training) => {
        const loss = (p: Params) =>
          sum(mul(run(module, p as MinGruParams, { tokens, mask }, { training, random: random(0) }).output, weights));
        return flatten(valueAndGradients(loss as never, params).gradients);
      });
      for (const [path, gradient] of steps!) expectAllClose(gradient as Tensor, rounds!.get(path) as Tensor, 1e-5);
    });
  });

  it('says when a text is longer than a state reaches', () => {
    const module = minGru({ inputs: 1, units: 1, length: 3 });
    const params = module.init(random(1));
    const text = (time: number) => ({ tokens: random(2).normal([1, time, 1]), mask: random(3).normal([1, time]) });
    expect(run(module, params, text(4)).output.shape).toEqual([1, 4, 2]);
    expect(() => run(module, params, text(5))).toThrow(expect.objectContaining({ code: 'text_too_long' }));
  });
});
