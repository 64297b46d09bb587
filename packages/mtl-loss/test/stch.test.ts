import '@tensorflow/tfjs-backend-cpu';
import type { OfLosses } from '@taskloom/core';
import { setBackend, tensor1d, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { balancingContext, decodeState, encodeState, type StchState, stch } from '../src';

const double = (...values: number[]) => Float64Array.from(values);

const weighBy = (method: ReturnType<typeof stch>, state: StchState, epoch: number, losses: Float64Array, present?: number[]) =>
  method.weigh(losses, state, balancingContext({ tasks: losses.length, losses, epoch, present }));

beforeAll(async () => void (await setBackend('cpu')));

describe('stch', () => {
  const method = stch({ mu: 0.5, warmupEpochs: 2, epsilon: 0 });
  const weigh = (...given: [StchState, number, Float64Array, number[]?]) => weighBy(method, ...given);
  /** The nadir is (2, 1, 4) after the second epoch. */
  const warm = () => {
    let state = method.init(['a', 'b', 'c']);
    ({ state } = weigh(state, 0, double(9, 9, 9)));
    ({ state } = weigh(state, 1, double(3, 1, 5)));
    return weigh(state, 1, double(1, 1, 3)).state;
  };

  it('is Σ log L in the warm-up', () => {
    expect([...weigh(method.init(['a', 'b', 'c']), 0, double(2, 4, 5)).weights]).toEqual([0.5, 0.25, 0.2]);
    expect([...weigh(method.init(['a', 'b', 'c']), 1, double(2, 4, 5)).weights]).toEqual([0.5, 0.25, 0.2]);
  });

  it('then has the derivatives of T μ log Σ (L/nadir)^(1/μ), by finite differences', () => {
    const state = warm();
    const losses = double(1.5, 0.9, 1);
    const total = (values: Float64Array) =>
      3 * 0.5 * Math.log(values.reduce((sum, loss, i) => sum + Math.exp(Math.log(loss / [2, 1, 4][i]!) / 0.5), 0));
    const { weights, state: after } = weigh(state, 2, losses);
    expect(after).toEqual(state);
    for (let i = 0; i < 3; i++) {
      const at = (delta: number) => total(losses.map((loss, k) => (k === i ? loss + delta : loss)));
      expect(weights[i]).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 6);
    }
  });

  it('weighs by present tasks alone', () => {
    const { weights } = weigh(warm(), 2, double(1.5, Number.NaN, 1), [1, 0, 1]);
    const shares = [(1.5 / 2) ** 2, (1 / 4) ** 2];
    expect(weights[1]).toBe(0);
    expect(weights[0]).toBeCloseTo((2 * shares[0]!) / (shares[0]! + shares[1]!) / 1.5, 12);
  });

  it('takes the first loss seen after the warm-up for the nadir of a task that was not in it', () => {
    let state = method.init(['a', 'b']);
    ({ state } = weigh(state, 1, double(2, Number.NaN), [1, 0]));
    const first = weigh(state, 2, double(2, 7));
    expect([...first.weights]).toEqual([expect.closeTo(1 / 2, 12), expect.closeTo(1 / 7, 12)]);
    const second = weigh(first.state, 2, double(2, 3.5));
    expect(second.state).toEqual(first.state);
    expect(second.weights[1]! * 3.5).toBeCloseTo((2 * 0.25) / 1.25, 12);
  });

  it('gives in a step, of the nadirs and the losses, the weights that it gives on the host', () => {
    const amount = fc.oneof(fc.double({ min: 1e-4, max: 1e4, noNaN: true }), fc.constant(0));
    const task = fc.record({ loss: amount, nadir: fc.option(amount, { nil: undefined }), here: fc.boolean() });
    fc.assert(
      fc.property(fc.array(task, { minLength: 3, maxLength: 3 }), fc.integer({ min: 0, max: 3 }), (each, epoch) => {
        const own = stch({ mu: 0.5, warmupEpochs: 2, epsilon: 1e-6 });
        const state = {
          sums: Float64Array.from(each, ({ nadir = 0 }) => 2 * nadir),
          counts: Float64Array.from(each, ({ nadir }) => (nadir === undefined ? 0 : 2)),
        };
        const losses = Float64Array.from(Float32Array.from(each, ({ loss, here }) => (here ? loss : 0)));
        const present = each.map(({ here }) => Number(here));
        const known = weighBy(own, state, epoch, double(Number.NaN, Number.NaN, Number.NaN), present);
        expect(known.state).toEqual(state);
        const inStep = tidy(() => [
          ...(own.beforehand as OfLosses)(tensor1d([...known.weights], 'float32'), tensor1d([...losses], 'float32'), []).dataSync(),
        ]);
        for (const [i, weight] of weighBy(own, state, epoch, losses, present).weights.entries())
          expect(Math.abs(inStep[i]! - weight)).toBeLessThanOrEqual(1e-4 * (weight + 1e-6));
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('is finite at losses of 0 and far from the nadir, and goes on from an encoded state', () => {
    const own = stch({ warmupEpochs: 1, mu: 0.01 });
    const context = (losses: Float64Array, epoch: number) => balancingContext({ tasks: 2, losses, epoch });
    const { state } = own.weigh(double(0, 1), own.init(['a', 'b']), context(double(0, 1), 0));
    for (const losses of [double(0, 0), double(1e15, 1e-15), double(-1, 1)])
      expect([...own.weigh(losses, state, context(losses, 1)).weights].every(Number.isFinite)).toBe(true);
    expect(decodeState(JSON.parse(JSON.stringify(encodeState(state))))).toEqual(state);
    expect(() => stch({ mu: 0 })).toThrowError(expect.objectContaining({ code: 'bad_option' }) as never);
  });
});
