import '@tensorflow/tfjs-backend-cpu';
import type { OfLosses } from '@taskloom/core';
import { tensor1d, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancingContext, decodeState, encodeState, type FamoState, famo } from '../src';

const double = (...values: number[]) => Float64Array.from(values);
const tasks = ['a', 'b', 'c'];
const contextOf = (losses: Float64Array, present?: number[]) => balancingContext({ tasks: tasks.slice(0, losses.length), losses, present });

/** One round of weigh and afterStep. */
function round(method: ReturnType<typeof famo>, state: FamoState, before: Float64Array, after: Float64Array, present?: number[]) {
  const context = contextOf(before, present);
  const result = method.weigh(before, state, context);
  return { weights: result.weights, state: method.afterStep(after, result.state, context) };
}

describe('famo', () => {
  it('descends Σ z log L: at equal logits w ∝ 1/L, of sum 1', () => {
    const { weights } = round(famo(), famo().init(tasks), double(1, 2, 4), double(1, 2, 4));
    const total = 1 + 1 / 2 + 1 / 4;
    for (const [i, loss] of [1, 2, 4].entries()) expect(weights[i]).toBeCloseTo(1 / loss / total, 7);
  });

  it('the logits’ gradient is that of the losses’ fall in log z, by finite differences', () => {
    // With plain steps of a tiny rate Adam’s first step is the sign; so read the gradient from its mean instead.
    const method = famo({ gamma: 0.3 });
    const logits = double(0.3, -0.2, 0.9);
    const [before, after] = [double(1, 2, 4), double(0.9, 1.9, 2)];
    const { state } = round(method, { ...method.init(tasks), logits }, before, after);
    const z = (logits: Float64Array) => {
      const powers = logits.map(Math.exp);
      const total = powers.reduce((a, b) => a + b);
      return powers.map((power) => power / total);
    };
    /** Σ z δ + γ/2 ‖logits‖² */
    const objective = (logits: Float64Array) =>
      z(logits).reduce((sum, share, i) => sum + share * Math.log(before[i]! / after[i]!), 0) +
      0.15 * logits.reduce((sum, x) => sum + x * x, 0);
    for (let i = 0; i < 3; i++) {
      const at = (delta: number) => objective(logits.map((value, k) => (k === i ? value + delta : value)));
      expect(state.adam.mean[i]! / 0.1).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 6);
    }
  });

  it('moves weight from a task that falls fast to one that does not', () => {
    const method = famo();
    let state = method.init(tasks);
    for (let step = 0; step < 20; step++) ({ state } = round(method, state, double(1, 1, 1), double(0.5, 0.9, 1)));
    expect(state.logits[0]!).toBeLessThan(state.logits[1]!);
    expect(state.logits[1]!).toBeLessThan(state.logits[2]!);
  });

  it('equalises the paces of two tasks whose losses follow their weights', () => {
    // Two parabolas of very different curvature, descended by the weighted gradient.
    const method = famo({ learningRate: 0.1 });
    let state = method.init(['a', 'b']);
    const x = [1, 1];
    const losses = () => double(5 * x[0]! ** 2, 0.05 * x[1]! ** 2);
    let paces: number[] = [];
    for (let step = 0; step < 300; step++) {
      const before = losses();
      const { weights } = method.weigh(before, state, contextOf(before));
      x[0]! -= 0.01 * weights[0]! * 10 * x[0]!;
      x[1]! -= 0.01 * weights[1]! * 0.1 * x[1]!;
      const after = losses();
      paces = [0, 1].map((i) => Math.log(before[i]! / after[i]!));
      state = method.afterStep(after, state, contextOf(before));
    }
    expect(paces[0]! / paces[1]!).toBeGreaterThan(0.8);
    expect(paces[0]! / paces[1]!).toBeLessThan(1.25);
  });

  it('leaves absent tasks alone, moments included', () => {
    const method = famo();
    let state = method.init(tasks);
    ({ state } = round(method, state, double(1, 2, 3), double(1, 1, 1)));
    const result = round(method, state, double(1, Number.NaN, 3), double(0.5, Number.NaN, 3), [1, 0, 1]);
    expect(result.weights[1]).toBe(0);
    expect(result.weights[0]! + result.weights[2]!).toBeCloseTo(1, 12);
    for (const part of [(s: FamoState) => s.logits, (s: FamoState) => s.adam.mean, (s: FamoState) => s.adam.updates]) {
      expect(part(result.state)[1]).toBe(part(state)[1]);
      expect(part(result.state)[0]).not.toBe(part(state)[0]);
    }
  });

  it('keeps weights finite, positive and of sum 1 whatever the losses do, and one task at 1', () => {
    const loss = fc.oneof(fc.constantFrom(0, 1e-15, 1e15, -1), fc.double({ min: 0, max: 10, noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.tuple(loss, loss, loss, loss, loss, loss), { minLength: 1, maxLength: 20 }), (steps) => {
        const method = famo();
        let state = method.init(tasks);
        for (const [a, b, c, d, e, f] of steps) {
          const result = round(method, state, double(a, b, c), double(d, e, f));
          expect(Math.min(...result.weights)).toBeGreaterThanOrEqual(0);
          expect(result.weights.reduce((x, y) => x + y)).toBeCloseTo(1, 9);
          state = result.state;
          expect([...state.logits].every(Number.isFinite)).toBe(true);
        }
        expect([...round(famo(), famo().init(['a']), double(3), double(2)).weights]).toEqual([1]);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('knows least losses by name, and goes on from an encoded state as if nothing had happened', () => {
    const method = famo({ minLosses: { a: 0.5, b: 0, c: 0 } });
    const { weights, state } = round(method, method.init(tasks), double(1, 0.5, 0.5), double(0.8, 0.5, 0.4));
    expect(weights[0]).toBeCloseTo(1 / 3, 7);
    const back = decodeState(JSON.parse(JSON.stringify(encodeState(state)))) as FamoState;
    expect(back).toEqual(state);
    expect(() => famo({ minLosses: { a: 1 } }).weigh(double(1, 1), famo().init(['a', 'b']), contextOf(double(1, 1)))).toThrowError(
      expect.objectContaining({ code: 'bad_option' }) as never,
    );
  });

  it('gives in a step, of what it knows beforehand and the losses, the weights that it gives on the host', () => {
    const amount = fc.oneof(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.constant(0));
    const task = fc.record({
      loss: amount,
      least: fc.constantFrom(0, 0.25),
      logit: fc.double({ min: -8, max: 8, noNaN: true }),
      here: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(task, { minLength: 3, maxLength: 3 }), (each) => {
        const of = <K extends 'loss' | 'least' | 'logit'>(name: K) => Float64Array.from(each, (one) => one[name]);
        const present = each.map(({ here }) => Number(here));
        // What the step sees is float32.
        const losses = Float64Array.from(Float32Array.from(each, ({ loss, here }) => (here ? loss : 0)));
        const method = famo({ minLosses: of('least') });
        const state = { ...method.init(tasks), logits: of('logit') };
        const known = method.weigh(double(Number.NaN, Number.NaN, Number.NaN), state, contextOf(losses, present)).weights;
        const inStep = tidy(() => [
          ...(method.beforehand as OfLosses)(tensor1d([...known], 'float32'), tensor1d([...losses], 'float32'), tasks).dataSync(),
        ]);
        for (const [i, weight] of method.weigh(losses, state, contextOf(losses, present)).weights.entries())
          expect(inStep[i]).toBeCloseTo(weight, 5);
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('waits where a loss after the step is not a number', () => {
    const method = famo();
    const { state } = round(method, method.init(tasks), double(1, 2, 3), double(1, Number.NaN, 1));
    expect(state).toEqual(method.init(tasks));
  });
});
