import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancingContext, decodeState, dynamicWeightAverage, encodeState, fixed, rlw } from '../src';

describe('fixed', () => {
  const context = balancingContext({ tasks: ['a', 'b', 'c'], present: [1, 0, 1] });
  it('gives the weights by name or by place, 1 by default, 0 to absent tasks', () => {
    const losses = new Float64Array(3);
    expect([...fixed().weigh(losses, null, context).weights]).toEqual([1, 0, 1]);
    expect([...fixed([2, 3, 4]).weigh(losses, null, context).weights]).toEqual([2, 0, 4]);
    expect([...fixed({ c: 0.5, b: 3, a: 2 }).weigh(losses, null, context).weights]).toEqual([2, 0, 0.5]);
    expect(() => fixed({ a: 1 }).weigh(losses, null, context)).toThrowError(expect.objectContaining({ code: 'weight_missing' }) as never);
  });
});

describe('dynamic weight average', () => {
  const method = dynamicWeightAverage();
  const context = (present: number[]) => balancingContext({ tasks: present.length, present });
  type State = ReturnType<typeof method.init>;

  function epoch(state: State, steps: readonly { losses: number[]; present: number[] }[]): State {
    for (const { losses, present } of steps) state = method.weigh(Float64Array.from(losses), state, context(present)).state;
    return method.endEpoch!(state);
  }

  it('weighs by the ratio of the epochs’ mean losses', () => {
    let state = method.init(['a', 'b']);
    expect([...method.weigh(Float64Array.from([9, 9]), state, context([1, 1])).weights]).toEqual([1, 1]);
    state = epoch(state, [
      { losses: [3, 1], present: [1, 1] },
      { losses: [1, 1], present: [1, 1] },
    ]);
    expect([...method.weigh(Float64Array.from([9, 9]), state, context([1, 1])).weights]).toEqual([1, 1]);
    state = epoch(state, [{ losses: [1, 1], present: [1, 1] }]);
    const { weights } = method.weigh(Float64Array.from([9, 9]), state, context([1, 1]));
    const [x, y] = [Math.exp(0.5 / 2), Math.exp(1 / 2)];
    expect(weights[0]).toBeCloseTo((2 * x) / (x + y), 12);
    expect(weights[1]).toBeCloseTo((2 * y) / (x + y), 12);
  });

  it('balances a schedule of one task a step, and ignores what is never there', () => {
    let state = method.init(['a', 'b', 'never']);
    for (const [a, b] of [
      [2, 2],
      [1, 2],
    ] as const)
      state = epoch(state, [
        { losses: [a, Number.NaN, Number.NaN], present: [1, 0, 0] },
        { losses: [Number.NaN, b, Number.NaN], present: [0, 1, 0] },
      ]);
    const a = method.weigh(new Float64Array(3), state, context([1, 0, 0])).weights;
    const b = method.weigh(new Float64Array(3), state, context([0, 1, 0])).weights;
    expect(a[0]! + b[1]!).toBeCloseTo(2, 12);
    expect(b[1]!).toBeGreaterThan(a[0]!);
    expect([a[1], a[2], b[0], b[2]]).toEqual([0, 0, 0, 0]);
  });

  it('changes nothing in place, and goes on from an encoded state as if nothing had happened', () => {
    const start = method.init(['a', 'b']);
    const copy = structuredClone(start);
    let state = epoch(start, [{ losses: [2, 1], present: [1, 0] }]);
    expect(start).toEqual(copy);
    state = epoch(state, [{ losses: [1, 5], present: [1, 1] }]);
    const back = decodeState(JSON.parse(JSON.stringify(encodeState(state)))) as State;
    expect(back).toEqual(state);
    expect(method.weigh(Float64Array.from([1, 1]), back, context([1, 1]))).toEqual(
      method.weigh(Float64Array.from([1, 1]), state, context([1, 1])),
    );
  });
});

describe('dynamic weight average over windows', () => {
  const method = dynamicWeightAverage({ window: 2, temperature: 1 });
  const weigh = (state: ReturnType<typeof method.init>, losses: number[], present = [1, 1]) =>
    method.weigh(Float64Array.from(losses), state, balancingContext({ tasks: 2, present }));

  it('compares the last losses, that of the step included, with as many before', () => {
    let state = method.init(['a', 'b']);
    for (const losses of [
      [4, 1],
      [2, 1],
      [2, 1],
    ]) {
      const result = weigh(state, losses);
      expect([...result.weights]).toEqual([1, 1]);
      state = result.state;
    }
    const { weights } = weigh(state, [1, 3]);
    const [x, y] = [Math.exp(1.5 / 3), Math.exp(2 / 1)];
    expect(weights[0]).toBeCloseTo((2 * x) / (x + y), 12);
    expect(weights[1]).toBeCloseTo((2 * y) / (x + y), 12);
    expect(method.endEpoch).toBeUndefined();
  });

  it('does not move the window of an absent task, and refuses half a step', () => {
    const { state } = weigh(method.init(['a', 'b']), [1, Number.NaN], [1, 0]);
    expect([...state.recent]).toEqual([Number.NaN, Number.NaN, Number.NaN, 1, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    expect(() => dynamicWeightAverage({ window: 1.5 })).toThrowError(expect.objectContaining({ code: 'bad_option' }) as never);
  });
});

describe.each(['normal', 'dirichlet'] as const)('random loss weighting, %s', (distribution) => {
  const method = rlw({ distribution });
  const weights = (step: number, present = [1, 1, 1]) =>
    method.weigh(new Float64Array(3), null, balancingContext({ tasks: 3, step, present })).weights;

  it('has weights on the simplex, other ones at each step, the same at the same step, none for absent tasks', () => {
    for (let step = 0; step < 50; step++) {
      const own = weights(step);
      expect(own.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(Math.min(...own)).toBeGreaterThan(0);
      expect(weights(step)).toEqual(own);
      expect(weights(step + 1)).not.toEqual(own);
      expect(weights(step, [1, 0, 1])[1]).toBe(0);
    }
    expect([...weights(0, [0, 1, 0])]).toEqual([0, 1, 0]);
  });

  it('has the mean and the spread of its distribution', () => {
    const all = Array.from({ length: 4000 }, (_, step) => weights(step));
    const mean = [0, 1, 2].map((i) => all.reduce((sum, own) => sum + own[i]!, 0) / all.length);
    for (const value of mean) expect(value).toBeCloseTo(1 / 3, 1.5);
    const variance = all.reduce((sum, own) => sum + (own[0]! - 1 / 3) ** 2, 0) / all.length;
    // Dirichlet(1, 1, 1): (1/3)(2/3)/4. Softmax of three standard normal draws: 0.0495, by another generator.
    expect(variance).toBeCloseTo(distribution === 'dirichlet' ? 1 / 18 : 0.0495, 2.5);
  });
});

describe('the encoding of states', () => {
  const number = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324));
  const { state } = fc.letrec((tie) => ({
    state: fc.oneof(
      { maxDepth: 3 },
      fc.constant(null),
      fc.boolean(),
      number,
      fc.string(),
      fc.array(number).map((values) => Float64Array.from(values)),
      fc.array(number).map((values) => Float32Array.from(values)),
      fc.array(fc.integer()).map((values) => Int32Array.from(values)),
      fc.array(tie('state')),
      fc
        .dictionary(
          fc.oneof(fc.string(), fc.constantFrom('$', 'value', 'values')).filter((name) => name !== '__proto__'),
          tie('state'),
        )
        .map((object) => ({ ...object })),
    ),
  }));

  it('loses nothing through JSON', () =>
    fc.assert(
      fc.property(state, (value) => {
        expect(decodeState(JSON.parse(JSON.stringify(encodeState(value))))).toStrictEqual(value);
      }),
      { numRuns: 1000, seed: 2 },
    ));

  it('refuses what it cannot write, and what it did not write', () => {
    const refused = (code: string) => expect.objectContaining({ code }) as never;
    for (const value of [new Map(), { a: () => 0 }, [1n]]) expect(() => encodeState(value)).toThrowError(refused('not_serialisable'));
    for (const json of [
      { $: 'number', value: 'one' },
      { $: 'float64', values: ['x'] },
      { $: 'other', value: 1 },
      { $: 'number', value: 'NaN', more: 1 },
      { $: 'object', value: [1] },
    ])
      expect(() => decodeState(json as never)).toThrowError(refused('file_corrupt'));
  });
});
