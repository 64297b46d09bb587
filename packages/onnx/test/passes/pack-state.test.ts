import '@tensorflow/tfjs-backend-cpu';
import {
  addParams,
  disposeParams,
  flatten,
  type HostArray,
  hostArray,
  hostRandom,
  mapTree,
  type Params,
  toTensor,
  valueAndGradients,
} from '@taskloom/core';
import { adamw, type Optimizer } from '@taskloom/core/optimizers';
import { add, addN, mul, type Scalar, scalar, setBackend, square, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { nodesOf } from '../../src/graph/value';
import { ort } from '../../src/index';
import { largestPacked, packedPath, packState } from '../../src/passes/pack-state';
import { trace } from '../../src/trace/trace';

const optimizer = adamw({ weightDecay: 0.01 }) as unknown as Optimizer;
const draw = (seed: string, shape: readonly number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);
const shapes = { a: [3], b: [2, 4], c: [1], d: [5, 2, 2], e: [7] } as const;
const leaves = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, draw(name, shape)]));

/** Adam on Σ (p² + x p): any number of leaves, the inputs of any length. */
const step = (state: { params: Params; moments: Params; count: Tensor }, { x }: { x: Tensor }) => {
  const { value, gradients } = valueAndGradients((params: Params) => {
    const squares = [...flatten(params).values()].map((leaf) => add(sum(square(leaf)), mul(sum(leaf), sum(x))));
    return addN(squares) as Scalar;
  }, state.params);
  const { updates, state: moments } = optimizer.update(gradients, state.moments, state.params, {
    step: state.count as Scalar,
    learningRate: scalar(0.1),
  });
  return {
    state: { params: addParams(state.params, updates), moments: moments as Params, count: add(state.count, 1) },
    outputs: { value, a: state.params.a as Tensor },
  };
};
const initial = () =>
  tidy(() => {
    const params = mapTree(leaves, toTensor) as Params;
    return { params, moments: optimizer.init(params) as Params, count: scalar(0) };
  });
const zeros = (tree: Params): { [path: string]: HostArray } =>
  Object.fromEntries(
    [...flatten(tree)].map(([path, { shape }]) => [path, hostArray(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)]),
  );

describe('packing the state', () => {
  beforeAll(() => setBackend('cpu'));

  test('the optimiser runs once, however many leaves there are', () => {
    const count = (names: readonly string[], pack: boolean) => {
      const some = Object.fromEntries(names.map((name) => [name, leaves[name]!]));
      const moments = tidy(() => optimizer.init(mapTree(some, toTensor) as Params));
      const nested = (name: string) => {
        const part = (moments as { [name: string]: Params })[name]!;
        return Object.fromEntries(Object.entries(zeros(part)));
      };
      const state = {
        params: some,
        moments: Object.fromEntries(Object.keys(moments).map((name) => [name, nested(name)])),
        count: hostArray(new Float32Array(1), []),
      };
      const traced = trace(step as never, state as never, { x: draw('x', [4]) } as never);
      const { nextState } = pack ? packState(traced).trace : traced;
      return nodesOf([...nextState.values()]).filter(({ op }) => op === 'Sqrt' || op === 'Div').length;
    };
    // A root and a quotient for each leaf, beside those of the corrections.
    expect(count(['a', 'b', 'c', 'd', 'e'], false)).toBe(count(['a', 'b'], false) + 3 * 2);
    expect(count(['a', 'b', 'c', 'd', 'e'], true)).toBe(count(['a', 'b'], true));
  });

  test('outside, the state has its leaves: read, load, other shapes of the inputs, outputs that stay', async () => {
    const compiled = await ort({ shapes: 1 }).compile(step as never, { state: initial() as never });
    const run = compiled as unknown as (inputs: { x: HostArray }) => Promise<{ value: HostArray; a: HostArray }>;
    // The same by hand, in float64.
    const p = new Map(Object.entries(leaves).map(([name, { data }]) => [name, Float64Array.from(data)]));
    const [m, v] = [new Map<string, Float64Array>(), new Map<string, Float64Array>()];
    for (const [name, { length }] of p) for (const moments of [m, v]) moments.set(name, new Float64Array(length));
    const expected = (t: number, x: HostArray) => {
      const total = Array.from(x.data).reduce((a, b) => a + b, 0);
      for (const [name, values] of p)
        for (let i = 0; i < values.length; i++) {
          const g = 2 * values[i]! + total;
          m.get(name)![i] = 0.9 * m.get(name)![i]! + 0.1 * g;
          v.get(name)![i] = 0.999 * v.get(name)![i]! + 0.001 * g * g;
          const ratio = m.get(name)![i]! / (1 - 0.9 ** t) / (Math.sqrt(v.get(name)![i]! / (1 - 0.999 ** t)) + 1e-8);
          values[i] = values[i]! - 0.1 * (ratio + 0.01 * values[i]!);
        }
    };
    const agree = async () => {
      const state = (await compiled.readState()) as { params: { [name: string]: HostArray } };
      expect(JSON.stringify(Object.keys(state.params))).toBe(JSON.stringify(Object.keys(leaves)));
      for (const [name, values] of p) {
        expect(state.params[name]!.shape).toEqual([...leaves[name]!.shape]);
        for (const [i, value] of values.entries()) expect(state.params[name]!.data[i]).toBeCloseTo(value, 4);
      }
      expect(JSON.stringify(state)).not.toContain(`"${packedPath}"`);
    };
    const seen: { kept: HostArray; copy: number[] }[] = [];
    for (const [t, length] of [4, 4, 6, 6, 4].entries()) {
      const x = draw(`x${t}`, [length]);
      const { a } = await run({ x });
      seen.push({ kept: a, copy: [...a.data] });
      expected(t + 1, x);
      await agree();
    }
    for (const { kept, copy } of seen) expect([...kept.data]).toEqual(copy);
    await compiled.load(await compiled.readState());
    const x = draw('after', [4]);
    await run({ x });
    expected(6, x);
    await agree();
    compiled.dispose();
  });

  test('the vector stays within 32 MB: what is beyond stays leaf by leaf, and is computed alike', async () => {
    const names = Array.from({ length: 180 }, (_, i) => `leaf${String(i).padStart(3, '0')}`);
    const values = draw('values', [16_384]);
    const stateOf = (names: readonly string[]) =>
      tidy(() => {
        const params = Object.fromEntries(['a', ...names].map((name) => [name, toTensor(values)])) as Params;
        return { params, moments: optimizer.init(params) as Params, count: scalar(0) };
      });
    // Of three trees, parameters and two moments.
    expect(3 * names.length * 16_384).toBeGreaterThan(largestPacked);
    const state = stateOf(names);
    const traced = trace(
      step as never,
      mapTree(state, (leaf) => hostArray(new Float32Array(0), leaf.shape)) as never,
      { x: draw('x', [4]) } as never,
    );
    disposeParams(state as never);
    const { layout } = packState(traced);
    expect(layout.size).toBeLessThanOrEqual(largestPacked);
    expect(layout.size).toBeGreaterThan(0.9 * largestPacked);
    expect(new Set(layout.groups.map((group) => group.length)).size).toBe(1);

    const bytes = (data: ArrayBufferView) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const after = async (names: readonly string[]) => {
      const compiled = await ort({ threads: 1 }).compile(step as never, { state: stateOf(names) as never });
      for (const k of ['1', '2']) await (compiled as unknown as (inputs: object) => Promise<object>)({ x: draw(k, [4]) });
      const { params } = (await compiled.readState()) as { params: { [name: string]: HostArray } };
      compiled.dispose();
      return params;
    };
    const expected = bytes((await after(['b'])).a!.data);
    expect(Buffer.compare(bytes(values.data), expected)).not.toBe(0);
    for (const [name, { data }] of Object.entries(await after(names))) expect(Buffer.compare(bytes(data), expected), name).toBe(0);
  });
});
