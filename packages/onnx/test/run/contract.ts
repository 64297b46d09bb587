import '@tensorflow/tfjs-backend-cpu';
import { type Executor, type HostArray, hostArray, hostCall, type Params, type Tree, toTensor } from '@taskloom/core';
import { add, concat, memory, mul, ones, scalar, setBackend, slice, square, sub, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { expectParity } from '../parity';

type State = { a: Tensor; b: Tensor };
const vector = (...values: number[]) => hostArray(Float32Array.from(values));
const numbers = (array: HostArray) => Array.from(array.data);
const donated = () => tidy(() => ({ a: toTensor(vector(1, 2)), b: toTensor(vector(3, 4)) }));

/** What every executor that compiles promises, whoever runs its graphs. */
export function executorContract(make: () => Executor): void {
  beforeAll(async () => void (await setBackend('cpu')));

  it('state that is computed, exchanged, passed through, constant, or an input', () =>
    expectParity(
      ((state: Params, { x }: { x: Tensor }) => ({
        state: {
          computed: add(mul(state.computed as Tensor, x), 1),
          left: state.right!,
          right: state.left!,
          same: state.same!,
          twice: state.computed!,
          constant: ones([2]),
          last: x,
        },
        outputs: { x, sum: sum(state.left as Tensor), same: state.same as Tensor, one: scalar(1) },
      })) as never,
      Object.fromEntries(['computed', 'left', 'right', 'same', 'twice', 'constant', 'last'].map((name, i) => [name, vector(i, -i)])),
      [1, 2, 3].map((value) => ({ x: vector(value, 0.5) })),
      { executor: make() },
    ));

  it('large state, whose memory is given back, of one tensor at first', async () => {
    const size = 40_000;
    const large = tidy(() => toTensor(hostArray(Float32Array.from({ length: size }, (_, i) => i % 7))));
    const state = { changed: large, same: large, left: large, right: large, last: large };
    const step = await make().compile<typeof state, { x: Tensor }, { [name: string]: Tensor }>(
      ({ changed, same, left, right }, { x }) => ({
        state: { changed: add(changed, x), same, left: right, right: mul(left, 2), last: x },
        outputs: { before: changed, after: add(changed, x), same },
      }),
      { state },
    );
    const x = hostArray(new Float32Array(size).fill(1));
    let outputs = await step({ x });
    for (let i = 0; i < 3; i++) outputs = await step({ x });
    const last = (array: HostArray) => [array.data[size - 1], array.data.length];
    const value = (size - 1) % 7;
    expect([outputs.before!, outputs.after!, outputs.same!].map(last)).toEqual([value + 3, value + 4, value].map((each) => [each, size]));
    const read = await step.readState();
    expect([read.changed, read.same, read.left, read.right, read.last].map(last)).toEqual(
      [value + 4, value, 4 * value, 4 * value, 1].map((each) => [each, size]),
    );
    await step.load({ ...read, same: read.changed });
    expect(last(read.changed)).toEqual([value + 4, size]);
    expect(last((await step({ x })).same!)).toEqual([value + 4, size]);
    expect(last(x)).toEqual([1, size]);
    step.dispose();
  });

  it('host calls between graphs, of state, of inputs and of results', () =>
    expectParity(
      (({ a, b }: State, { x }: { x: Tensor }) => {
        const product = mul(a, x);
        const [doubled] = hostCall([product, b, x], [[2]], ([p, q, r]) => [p!.map((value, i) => 2 * value + q![i]! - r![i]!)]);
        const squared = square(doubled!);
        const [total] = hostCall([squared], [[]], ([values]) => [Float64Array.of(values!.reduce((sum, value) => sum + value, 0))]);
        return { state: { a: sub(squared, product), b: doubled! }, outputs: { total: total!, doubled: doubled! } };
      }) as never,
      { a: vector(0.1, 0.2), b: vector(0.3, 0.4) },
      [vector(1, 2), vector(-1, 0.5)].map((x) => ({ x })),
      { executor: make() },
    ));

  it('outputs are the caller’s to change, and inputs stay so', async () => {
    const fn = ({ a, b }: State, { x }: { x: Tensor }) => ({
      state: { a: add(a, x), b: x },
      outputs: { a: add(a, x), b, x, one: ones([2]) },
    });
    const step = await make().compile<State, { x: Tensor }, Record<string, Tensor>>(fn as never, { state: donated() });
    const x = vector(10, 20);
    const outputs = await step({ x });
    expect(numbers(x)).toEqual([10, 20]);
    for (const { data } of Object.values(outputs)) data.fill(-7);
    expect(numbers(x)).toEqual([10, 20]);
    x.data.fill(5);
    const state = await step.readState();
    expect([numbers(state.a), numbers(state.b)]).toEqual([
      [11, 22],
      [10, 20],
    ]);
    state.a.data.fill(0);
    const { a, b, one } = await step({ x: hostArray(Float32Array.of(9, 1, 1, 9).subarray(1, 3)) });
    expect([a, b, one].map((each) => numbers(each!))).toEqual([
      [12, 23],
      [10, 20],
      [1, 1],
    ]);
    step.dispose();
  });

  it('a step that fails leaves the state as it was', async () => {
    let fail = true;
    const fn = ({ a, b }: State) => {
      const [next] = hostCall([add(a, 1)], [[2]], ([values]) => {
        if (fail) throw new Error('out of paper');
        return [values!];
      });
      return { state: { a: add(next!, 0.5), b }, outputs: { sum: sum(next!) } };
    };
    const step = await make().compile(fn as never, { state: donated() as never });
    await expect(step({})).rejects.toThrow('out of paper');
    fail = false;
    const outputs = (await step({})) as Tree<HostArray> as { sum: HostArray };
    expect(numbers(outputs.sum)).toEqual([5]);
    step.dispose();
  });

  it('state is loaded, of another shape too, and grows with the step', async () => {
    const fn = ({ a, b }: State) => ({ state: { a: concat([a, b]), b }, outputs: { first: slice(a, 0, 1) } });
    const step = await make().compile<State, Record<string, never>, { first: Tensor }>(fn, { state: donated() });
    await step({});
    await step({});
    expect(numbers((await step.readState()).a)).toEqual([1, 2, 3, 4, 3, 4]);
    const given = vector(5);
    await step.load({ a: given, b: vector(6, 7) });
    given.data[0] = 0;
    expect(numbers((await step({})).first)).toEqual([5]);
    expect(numbers((await step.readState()).a)).toEqual([5, 6, 7]);
    step.dispose();
  });

  it('arrays that do not fit their shape are refused by name of the failure, and the step goes on', async () => {
    const fn = ({ a, b }: State, { x }: { x: Tensor }) => ({ state: { a: add(a, x), b }, outputs: { a } });
    const step = await make().compile<State, { x: Tensor }, { a: Tensor }>(fn, { state: donated() });
    await expect(step({ x: { shape: [2], dtype: 'float32', data: Float32Array.of(1) } })).rejects.toMatchObject({ code: 'engine_failed' });
    await expect(step.load({ a: { shape: [2], dtype: 'float32', data: Float32Array.of(1) }, b: vector(1, 1) })).rejects.toMatchObject({
      code: 'engine_failed',
    });
    expect(numbers((await step({ x: vector(1, 1) })).a)).toEqual([1, 2]);
    step.dispose();
  });

  it('after dispose nothing runs, what was asked for before does', async () => {
    const step = await make().compile<State, Record<string, never>, { a: Tensor }>(
      (state) => ({ state, outputs: { a: add(state.a, 1) } }),
      {
        state: donated(),
      },
    );
    const before = step({});
    await before;
    step.dispose();
    step.dispose();
    for (const call of [step({}), step.readState(), step.load({ a: vector(1), b: vector(1) })])
      await expect(call).rejects.toMatchObject({ code: 'disposed' });
  });

  it('500 steps leave no tensor', async () => {
    const fn = ({ a, b }: State, { x }: { x: Tensor }) => ({ state: { a: mul(add(a, x), 0.5), b: add(b, 1) }, outputs: { a } });
    const before = memory().numTensors;
    const step = await make().compile<State, { x: Tensor }, { a: Tensor }>(fn, { state: donated() });
    await step({ x: vector(0, 1) });
    const after = memory().numTensors;
    for (let i = 0; i < 499; i++) await step({ x: vector(i, 1) });
    expect(memory().numTensors).toBe(after);
    expect(numbers((await step.readState()).b)).toEqual([503, 504]);
    step.dispose();
    expect(memory().numTensors).toBe(before);
  });
}
