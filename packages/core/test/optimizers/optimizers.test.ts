import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { optimizers } from '@taskloom/testing/optimizers';
import { backend, memory, scalar, setBackend, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  adam,
  addDecayedWeights,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  clipByValue,
  exponentialMovingAverage,
  globalNorm,
  lookahead,
  type Optimizer,
  type StepInfo,
  scaleByPath,
  sgd,
} from '../../src/optimizers';
import { disposeParams, equals, flatten, mapParams, type Params, select, unflatten } from '../../src/params';

const shapes: [string, number[]][] = [
  ['dense/kernel', [2, 3]],
  ['dense/bias', [3]],
  ['stack', [2, 2, 2]],
  ['temperature', []],
];

function tree(seed: number): Params {
  return unflatten(
    shapes.map(([path, shape], i) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        path,
        tensor(
          Float32Array.from({ length: size }, (_, j) => Math.sin(seed * 7 + i * 3 + j * 1.3)),
          shape,
        ),
      ] as const;
    }),
  );
}

/** `steps` steps of descent on ½‖x‖² + sin-shaped noise; the parameters after them. */
function train(optimizer: Optimizer, steps: number, through?: (state: Params) => Params): Record<string, number[]> {
  return tidy(() => {
    let params = tree(1);
    let state = optimizer.init(params);
    for (let step = 0; step < steps; step++) {
      const noise = tree(step + 2);
      const gradients = mapParams(params, (leaf, path) =>
        tensor(
          leaf.dataSync().map((x, i) => x + 0.1 * flatten(noise).get(path)!.dataSync()[i]!),
          leaf.shape as [number],
        ),
      );
      const result = optimizer.update(gradients, state, params, { step: scalar(step), learningRate: scalar(0.05) });
      params = applyUpdates(params, result.updates);
      state = through ? through(result.state) : result.state;
    }
    return Object.fromEntries([...flatten(params)].map(([path, leaf]) => [path, [...leaf.dataSync()]]));
  }) as unknown as Record<string, number[]>;
}

describe.each(Object.entries(optimizers))('%s', (_, make) => {
  beforeAll(async () => void (await setBackend('cpu')));
  afterEach(async () => {
    vi.restoreAllMocks();
    await setBackend('cpu');
  });

  it('keeps its state under the names of the parameters and survives a checkpoint', () => {
    const optimizer = make();
    const straight = train(optimizer, 8);
    // A checkpoint stores leaves by path only; a fresh instance goes on from them.
    expect(train(make(), 8, (state) => unflatten(flatten(state)))).toEqual(straight);
  });

  it('reads no value: step and learning rate are data', () => {
    tidy(() => {
      const optimizer = make();
      const params = tree(1);
      const state = optimizer.init(params);
      const info = { step: scalar(3), learningRate: scalar(0.1) };
      const gradients = tree(2);
      const target = backend() as unknown as { read(): unknown; readSync(): unknown };
      const refuse = () => {
        throw new Error('a value was read');
      };
      vi.spyOn(target, 'read').mockImplementation(refuse);
      vi.spyOn(target, 'readSync').mockImplementation(refuse);
      optimizer.update(gradients, state, params, info);
      vi.restoreAllMocks();
    });
  });

  it('leaves nothing behind but updates and state', () => {
    const optimizer = make();
    const params = tree(1);
    const gradients = tree(2);
    const info = { step: scalar(0), learningRate: scalar(0.1) };
    const before = memory().numTensors;
    const state = optimizer.init(params);
    const leaves = flatten(state).size;
    expect(memory().numTensors).toBe(before + leaves);
    const result = optimizer.update(gradients, state, params, info);
    expect(memory().numTensors).toBe(before + leaves * 2 + shapes.length);
    expect([...flatten(result.updates)].map(([path, leaf]) => [path, leaf.shape])).toEqual(
      [...flatten(params)].map(([path, leaf]) => [path, leaf.shape]),
    );
    for (const t of [params, gradients, state, result.updates, result.state]) disposeParams(t);
    disposeParams(info as unknown as Params);
  });

  it('descends, is finite at zero gradients, and agrees on wasm', async () => {
    const cpu = train(make(), 6);
    for (const values of Object.values(cpu)) for (const value of values) expect(Number.isFinite(value)).toBe(true);
    tidy(() => {
      const optimizer = make();
      const params = mapParams(tree(1), (leaf) => tensor(new Float32Array(leaf.size), leaf.shape as [number]));
      const { updates } = optimizer.update(params, optimizer.init(params), params, { step: scalar(0), learningRate: scalar(0.1) });
      for (const leaf of flatten(updates).values()) for (const value of leaf.dataSync()) expect(Number.isFinite(value)).toBe(true);
    });
    await setBackend('wasm');
    const wasm = train(make(), 6);
    for (const [path, values] of Object.entries(cpu))
      for (const [i, value] of values.entries()) expect(Math.abs(wasm[path]![i]! - value)).toBeLessThan(1e-4);
  });
});

describe('a part of the parameters', () => {
  beforeAll(async () => void (await setBackend('cpu')));

  it.each(Object.entries(optimizers))('%s trains it, given all of them, as if it were the whole', (_, make) => {
    tidy(() => {
      const all = tree(1);
      const part = select(all, 'dense/**');
      const gradients = select(tree(2), 'dense/**');
      const info = { step: scalar(0), learningRate: scalar(0.1) };
      const optimizer = make();
      const state = optimizer.init(part);
      const within = optimizer.update(gradients, state, all as typeof gradients, info);
      const alone = optimizer.update(gradients, state, part, info);
      expect(equals(within.updates, alone.updates)).toBe(true);
      expect(equals(within.state, alone.state)).toBe(true);
    });
  });
});

describe('pieces', () => {
  beforeAll(async () => void (await setBackend('cpu')));
  let info: StepInfo;
  beforeEach(() => {
    info = { step: scalar(0), learningRate: scalar(1) };
  });
  const one = (optimizer: Optimizer, gradients: Params, params: Params) =>
    optimizer.update(gradients, optimizer.init(params), params, info).updates;

  it('decays only what the mask names', () => {
    const params = { dense: { kernel: tensor([2]), bias: tensor([2]) } };
    const updates = one(
      addDecayedWeights({ weightDecay: 0.5, decayMask: '**/kernel' }),
      { dense: { kernel: tensor([1]), bias: tensor([1]) } },
      params,
    );
    expect([...flatten(updates)].map(([, leaf]) => leaf.dataSync()[0])).toEqual([1, 2]);
  });

  it('gives parts of the model learning rates of their own, by the first pattern that matches', () => {
    const g = { shared: { table: tensor([2]), dense: { kernel: tensor([2]), bias: tensor([2]) } }, tasks: { a: tensor([2]) } };
    const optimizer = chain(sgd(), scaleByPath({ 'shared/**/bias': 0, 'shared/dense/**': 0.25, 'tasks/*': 3 }));
    const updates = Object.fromEntries([...flatten(one(optimizer, g, g))].map(([path, leaf]) => [path, leaf.dataSync()[0]]));
    expect(updates).toEqual({ 'shared/table': -2, 'shared/dense/kernel': -0.5, 'shared/dense/bias': -0, 'tasks/a': -6 });
    expect(() => scaleByPath({ '**': -1 })).toThrow(/out of range/);
  });

  it('clips by one factor over all leaves, and not below the limit', () => {
    const g = { a: tensor([3]), b: tensor([4]) };
    expect(globalNorm(g).dataSync()[0]).toBeCloseTo(5, 6);
    const clipped = one(clipByGlobalNorm(1), g, g) as { a: Tensor; b: Tensor };
    expect(clipped.a.dataSync()[0]).toBeCloseTo(0.6, 6);
    expect((one(clipByGlobalNorm(10), g, g) as { a: Tensor }).a.dataSync()[0]).toBe(3);
    expect((one(clipByValue(2), g, g) as { a: Tensor }).a.dataSync()[0]).toBe(2);
  });

  it('Lookahead equals its definition over three synchronisations', () => {
    const [k, alpha, rate] = [3, 0.5, 0.1];
    let [fast, slow] = [1, 1];
    const optimizer = lookahead(sgd(), { k, alpha });
    let params: Params = { x: tensor([1]) };
    let state = optimizer.init(params);
    for (let step = 0; step < 9; step++) {
      const result = optimizer.update(params, state, params, { step: scalar(step), learningRate: scalar(rate) });
      params = applyUpdates(params, result.updates);
      state = result.state;
      fast -= rate * fast;
      if ((step + 1) % k === 0) {
        slow += alpha * (fast - slow);
        fast = slow;
      }
      expect((params.x as Tensor).dataSync()[0]).toBeCloseTo(fast, 6);
    }
  });

  it('averages the parameters after the step', () => {
    const optimizer = exponentialMovingAverage(sgd(), { decay: 0.5, warmUp: false });
    const params = { x: tensor([2]) };
    const { state } = optimizer.update({ x: tensor([1]) }, optimizer.init(params), params, info);
    expect((state.average as { x: Tensor }).x.dataSync()[0]).toBe(1.5);
  });

  it('names the parameter where trees differ', () => {
    const optimizer = adam();
    const state = optimizer.init({ a: tensor([1]) });
    expect(() => optimizer.update({ b: tensor([1]) }, state, { b: tensor([1]) }, info)).toThrow(/'b'/);
    expect(() => applyUpdates({ a: tensor([1]) }, { c: tensor([1]) })).toThrow(/'c'/);
    expect((applyUpdates({ a: tensor([1]), frozen: tensor([7]) }, { a: tensor([1]) }) as { frozen: Tensor }).frozen.dataSync()[0]).toBe(7);
  });

  it('refuses options out of range', () => {
    for (const make of [
      () => adam({ beta1: 1 }),
      () => adam({ epsilon: -1 }),
      () => clipByValue(0),
      () => lookahead(sgd(), { k: 0 }),
      () => sgd({ momentum: Number.NaN }),
    ])
      expect(make).toThrow(expect.objectContaining({ code: 'bad_option' }));
  });
});
