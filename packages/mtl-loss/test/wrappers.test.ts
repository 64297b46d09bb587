import type { GradientBalancer } from '@taskloom/core';
import { hostRandom } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import {
  balancingContext,
  decodeState,
  dynamicWeightAverage,
  encodeState,
  everyNSteps,
  famo,
  fixed,
  gradVac,
  mgda,
  smoothed,
  upgrad,
  withPriorities,
} from '../src';

const tasks = ['a', 'b', 'c'];
const gramianAt = (step: number) => {
  const rows = Array.from({ length: 3 }, (_, i) => hostRandom(step).fold(i).normal(4));
  return Float64Array.from(rows.flatMap((a) => rows.map((b) => a.reduce((sum, value, k) => sum + value * b[k]!, 0))));
};
const contextAt = (step: number, present = [1, 1, 1]) => balancingContext({ tasks, step, present });

/** The weights of several steps, the state through JSON between any two. */
function run<S>(method: GradientBalancer<S>, presences: readonly number[][]): number[][] {
  let state = method.init(tasks);
  return presences.map((present, step) => {
    const saved = decodeState(JSON.parse(JSON.stringify(encodeState(state))));
    const before = (method.restore ? method.restore(saved, tasks) : saved) as S;
    const result = method.weigh(gramianAt(step), before, contextAt(step, present));
    expect(method.weigh(gramianAt(step), state, contextAt(step, present))).toEqual(result);
    state = result.state;
    return [...result.weights];
  });
}

const whole = Array.from({ length: 6 }, () => [1, 1, 1]);
const plain = (step: number, present?: number[]) => [...upgrad().weigh(gramianAt(step), null, contextAt(step, present)).weights];

describe('everyNSteps', () => {
  it('computes in each n-th step and keeps the weights between', () => {
    expect(run(everyNSteps(upgrad(), 3), whole)).toEqual([plain(0), plain(0), plain(0), plain(3), plain(3), plain(3)]);
    expect(run(everyNSteps(upgrad(), 1), whole)).toEqual([0, 1, 2, 3, 4, 5].map((step) => plain(step)));
  });

  it('an absent task has weight 0 and its own when it is back; one without weights has them computed', () => {
    const [a, b, c] = plain(0) as [number, number, number];
    expect(
      run(everyNSteps(upgrad(), 4), [
        [1, 1, 1],
        [1, 0, 1],
        [1, 1, 1],
      ]),
    ).toEqual([
      [a, b, c],
      [a, 0, c],
      [a, b, c],
    ]);
    const late = run(everyNSteps(upgrad(), 4), [
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 1],
      [0, 1, 1],
    ]);
    expect(late[1]).toEqual(late[0]);
    expect(late[2]).toEqual(plain(2));
    expect(late[3]).toEqual([0, ...plain(2).slice(1)]);
  });

  it('hands the method its state, and says what the method says of itself', () => {
    const wrapped = everyNSteps(gradVac({ beta: 0.5 }), 2);
    let state = gradVac({ beta: 0.5 }).init(tasks);
    const expected: number[][] = [];
    for (const step of [0, 2, 4]) {
      const result = gradVac({ beta: 0.5 }).weigh(gramianAt(step), state, contextAt(step));
      state = result.state;
      expected.push([...result.weights], [...result.weights]);
    }
    expect(run(wrapped, whole)).toEqual(expected);
    expect(everyNSteps(mgda(), 2).features).toBe(true);
    expect('features' in wrapped).toBe(false);
    expect(() => everyNSteps(mgda(), 0)).toThrowError(expect.objectContaining({ code: 'bad_option' }) as never);
  });
});

describe('smoothed', () => {
  it('averages weights exponentially from the first on', () => {
    let expected = plain(0);
    const got = run(smoothed(upgrad(), 0.75), whole);
    for (const [step, weights] of got.entries()) {
      if (step > 0) expected = plain(step).map((value, i) => 0.75 * expected[i]! + 0.25 * value);
      for (const [i, weight] of weights.entries()) expect(weight).toBeCloseTo(expected[i]!, 14);
    }
    expect(run(smoothed(upgrad(), 0), whole)).toEqual(whole.map((_, step) => plain(step)));
    expect(() => smoothed(upgrad(), 1)).toThrowError(expect.objectContaining({ code: 'bad_option' }) as never);
  });

  it('a task’s average rests while it is absent', () => {
    const [, away, back] = run(smoothed(upgrad(), 0.5), [
      [1, 1, 1],
      [1, 0, 1],
      [1, 1, 1],
    ]);
    expect(away![1]).toBe(0);
    expect(back![1]).toBeCloseTo(0.5 * plain(0)[1]! + 0.5 * plain(2)[1]!, 14);
  });

  it('passes epochs and losses after the step on to a loss weighting', () => {
    const weighting = smoothed(dynamicWeightAverage(), 0);
    const bare = dynamicWeightAverage();
    let [state, other] = [weighting.init(tasks), bare.init(tasks)];
    for (let epoch = 0; epoch < 4; epoch++) {
      const losses = Float64Array.from([1, 2, 3], (value) => value / (1 + epoch * value));
      const [a, b] = [weighting.weigh(losses, state, contextAt(epoch)), bare.weigh(losses, other, contextAt(epoch))];
      expect(a.weights).toEqual(b.weights);
      [state, other] = [weighting.endEpoch!(a.state), bare.endEpoch!(b.state)];
    }
    expect(new Set(bare.weigh(new Float64Array(3), other, contextAt(4)).weights).size).toBe(3);
    const after = smoothed(famo(), 0);
    const context = balancingContext({ tasks, losses: [1, 2, 3] });
    const moved = after.afterStep!(Float64Array.from([0.5, 2, 3.5]), after.init(tasks), context);
    expect(moved.inner).toEqual(famo().afterStep!(Float64Array.from([0.5, 2, 3.5]), famo().init(tasks), context));
    expect(smoothed(fixed(), 0).afterStep).toBeUndefined();
  });

  it('keeps what a weighting knows before a step only where that is all of it', () => {
    for (const wrapped of [smoothed(fixed(), 0), withPriorities(fixed(), [1, 2, 3])]) expect(wrapped.beforehand).toBe(true);
    for (const wrapped of [smoothed(famo(), 0), withPriorities(famo(), [1, 2, 3])]) expect(wrapped.beforehand).toBeUndefined();
  });
});

describe('withPriorities', () => {
  it('multiplies weights by priorities of mean 1 over the present tasks', () => {
    const [a, b, c] = plain(0) as [number, number, number];
    const [got] = run(withPriorities(upgrad(), { a: 4, b: 1, c: 1 }), [[1, 1, 1]]);
    for (const [i, value] of [2 * a, 0.5 * b, 0.5 * c].entries()) expect(got![i]).toBeCloseTo(value, 14);
    const [x, , z] = plain(0, [1, 0, 1]) as [number, number, number];
    const [some] = run(withPriorities(upgrad(), [3, 100, 1]), [[1, 0, 1]]);
    expect(some![1]).toBe(0);
    expect(some![0]).toBeCloseTo(1.5 * x, 14);
    expect(some![2]).toBeCloseTo(0.5 * z, 14);
    expect(run(withPriorities(upgrad(), [7, 7, 7]), whole)).toEqual(whole.map((_, step) => plain(step)));
  });

  it('asks for a priority of each task, and works on loss weightings', () => {
    expect(() => run(withPriorities(upgrad(), { a: 1, c: 1 }), whole)).toThrowError(
      expect.objectContaining({ name: 'TaskloomError', code: 'weight_missing' }) as never,
    );
    expect(() => withPriorities(upgrad(), { a: 1, b: 0, c: 1 })).toThrowError(expect.objectContaining({ code: 'bad_option' }) as never);
    expect([...withPriorities(fixed(), [1, 2, 3]).weigh(new Float64Array(3), null, contextAt(0)).weights]).toEqual([0.5, 1, 1.5]);
    expect([...withPriorities(fixed(), [1, 2, 3]).weigh(new Float64Array(3), null, contextAt(0, [0, 0, 0])).weights]).toEqual([0, 0, 0]);
  });

  it('stacks with the other wrappers', () => {
    const method = withPriorities(smoothed(everyNSteps(mgda(), 2), 0.9), [1, 2, 3]);
    expect(method.features).toBe(true);
    for (const weights of run(method, whole)) expect(weights.every(Number.isFinite)).toBe(true);
  });
});

describe('the state of a method with a restore of its own', () => {
  const strict: GradientBalancer<{ steps: number }> = {
    ...upgrad(),
    init: () => ({ steps: 0 }),
    restore(saved) {
      if ((saved as { steps?: unknown })?.steps !== 3) throw new Error('not mine');
      return { steps: 3 };
    },
    weigh: (_, state) => ({ weights: new Float64Array(3), state: { steps: state.steps + 1 } }),
  };

  it('goes through that, and the wrapper checks its own part', () => {
    const refused = expect.objectContaining({ code: 'bad_state' }) as never;
    for (const wrapped of [everyNSteps(strict, 2), smoothed(strict, 0.5)] as unknown as GradientBalancer<{ inner: unknown }>[]) {
      const saved = { ...wrapped.init(tasks), inner: { steps: 3 } };
      expect(wrapped.restore!(saved, tasks)).toEqual(saved);
      expect(() => wrapped.restore!({ ...saved, inner: { steps: 4 } }, tasks)).toThrowError('not mine');
      expect(() => wrapped.restore!(saved, ['a'])).toThrowError(refused);
      expect(() => wrapped.restore!(null, tasks)).toThrowError(refused);
    }
  });
});
