import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { equals, flatten, mapParams, type Params, valueAndGradients } from '@taskloom/core';
import { expectTraceable } from '@taskloom/testing';
import {
  add,
  expandDims,
  matMul,
  mean,
  memory,
  mul,
  setBackend,
  softplus,
  square,
  stack,
  sub,
  type Tensor,
  tanh,
  tensor,
  tensor1d,
  tidy,
  unstack,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Episode, maml, stackParams } from '../src';

type Data = { readonly x: Tensor; readonly y: Tensor };

/** tanh, then softplus: both have second derivatives that matter. Works on [rows, 2] and, with stacked parameters, on [tasks, rows, 2]. */
function network(params: Params, x: Tensor): Tensor {
  const { body, head } = params as { body: { w: Tensor; b: Tensor }; head: { w: Tensor; b: Tensor } };
  const bias = (b: Tensor) => (b.rank === 2 ? expandDims(b, 1) : b);
  const h = softplus(add(matMul(tanh(matMul(x, body.w)), body.w), bias(body.b)));
  return add(matMul(h, head.w), bias(head.b));
}
const loss = (params: Params, { x, y }: Data) => mean(square(sub(network(params, x), y)));
const losses = (params: Params, { x, y }: Data) => mean(square(sub(network(params, x), y)), [1, 2]);

function wave(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i + 0.3 * i * i));
}
function theta(): Params {
  return {
    body: { w: tensor(wave(4, 1), [2, 2]), b: tensor(wave(2, 2), [2]) },
    head: { w: tensor(wave(2, 3), [2, 1]), b: tensor(wave(1, 4), [1]) },
  };
}
function episodes(count: number): Episode<Data>[] {
  const data = (rows: number, seed: number): Data => ({
    x: tensor(wave(2 * rows, seed), [rows, 2]),
    y: tensor(wave(rows, seed + 0.5), [rows, 1]),
  });
  return Array.from({ length: count }, (_, i) => ({ support: data(3, 10 + i), query: data(4, 20 + i) }));
}
function stacked(tasks: readonly Episode<Data>[]): Episode<Data> {
  const join = (part: 'support' | 'query', name: 'x' | 'y') => stack(tasks.map((task) => task[part][name]));
  return { support: { x: join('support', 'x'), y: join('support', 'y') }, query: { x: join('query', 'x'), y: join('query', 'y') } };
}

const distance = (a: Params, b: Params) => {
  const y = flatten(b);
  return Math.max(
    ...[...flatten(a)].flatMap(([path, leaf]) => [...leaf.dataSync()].map((value, i) => Math.abs(value - y.get(path)!.dataSync()[i]!))),
  );
};

/** d f / d leaf[index] by central differences; the forward pass is float32, hence the coarse step. */
function finiteDifferences(f: (params: Params) => Tensor, params: Params): Params {
  const step = 4e-3;
  return mapParams(params, (leaf, path) => {
    const slopes = Float32Array.from(leaf.dataSync(), (_, i) => {
      const at = (delta: number) =>
        tidy(() => {
          const shifted = mapParams(params, (other, otherPath) => {
            if (otherPath !== path) return other;
            const values = other.dataSync().slice();
            values[i] = values[i]! + delta;
            return tensor(values, other.shape);
          });
          return f(shifted).dataSync()[0]!;
        });
      return (at(step) - at(-step)) / (2 * step);
    });
    return tensor(slopes, leaf.shape);
  });
}

for (const backend of ['cpu', 'wasm']) {
  describe(`maml on ${backend}`, () => {
    let tensors = 0;
    beforeAll(() => setBackend(backend));
    beforeEach(() => {
      tensors = memory().numTensors;
    });
    afterEach(() => {
      expect(memory().numTensors).toBe(tensors);
    });

    it.each([1, 3])(
      'second-order meta-gradients agree with finite differences (%i steps)',
      (steps) =>
        tidy(() => {
          const method = maml<Params, Data>({ loss, innerLearningRate: 0.2, steps });
          const tasks = episodes(2);
          const { gradients } = method.metaGradients(theta(), tasks);
          expect(
            distance(
              gradients,
              finiteDifferences((p) => method.metaLoss(p, tasks), theta()),
            ),
          ).toBeLessThan(2e-3);
        }) as never,
    );

    it('first order differs from second order, and is the query gradient at the adapted point', () =>
      tidy(() => {
        const options = { loss, innerLearningRate: 0.2, steps: 2 } as const;
        const first = maml<Params, Data>({ ...options, order: 'first' });
        const second = maml<Params, Data>(options);
        const tasks = episodes(1);
        const got = first.metaGradients(theta(), tasks);
        const phi = second.adapt(theta(), tasks[0]!.support);
        expect(distance(got.gradients, valueAndGradients((p: Params) => loss(p, tasks[0]!.query) as never, phi).gradients)).toBeLessThan(
          1e-5,
        );
        expect(distance(got.gradients, second.metaGradients(theta(), tasks).gradients)).toBeGreaterThan(1e-2);
        expect(got.value.dataSync()[0]).toBeCloseTo(second.metaLoss(theta(), tasks).dataSync()[0]!, 5);
      }) as never);

    it.each(['first', 'second'] as const)(
      'metaGradients is the gradient of metaLoss (%s order)',
      (order) =>
        tidy(() => {
          const method = maml<Params, Data>({ loss, innerLearningRate: 0.1, steps: 2, order, reduce: 'sum' });
          const tasks = episodes(3);
          const { value, gradients } = valueAndGradients((p: Params) => method.metaLoss(p, tasks), theta());
          const got = method.metaGradients(theta(), tasks);
          expect(distance(got.gradients, gradients)).toBeLessThan(1e-5);
          expect(got.value.dataSync()[0]).toBeCloseTo(value.dataSync()[0]!, 5);
        }) as never,
    );

    for (const order of ['first', 'second'] as const)
      it.each([{ adapts: '**' }, { adapts: 'head/*' }, { frozen: 'body/w' }])(
        `one batched graph equals the loop over tasks (${order} order, %o)`,
        (which) =>
          tidy(() => {
            const options = { innerLearningRate: 0.1, steps: 2, order, ...which } as const;
            const loop = maml<Params, Data>({ loss, ...options });
            const batched = maml<Params, Data>({ loss: losses, ...options, batched: true });
            const tasks = episodes(3);
            const a = loop.metaGradients(theta(), tasks);
            const b = batched.metaGradients(theta(), stacked(tasks));
            expect(distance(a.gradients, b.gradients)).toBeLessThan(1e-5);
            expect(b.perTask.shape).toEqual([3]);
            for (const [i, value] of a.perTask.dataSync().entries()) expect(b.perTask.dataSync()[i]).toBeCloseTo(value, 5);
            const adapted = batched.adapt(theta(), stacked(tasks).support);
            for (const [i, task] of tasks.entries())
              expect(
                distance(
                  mapParams(adapted, (leaf) => unstack(leaf)[i]!),
                  loop.adapt(theta(), task.support),
                ),
              ).toBeLessThan(1e-5);
          }) as never,
      );

    it('freezes by path: what is frozen comes back bit for bit, and still has a meta-gradient', () =>
      tidy(() => {
        const method = maml<Params, Data>({ loss, innerLearningRate: 0.1, adapts: 'head/*' });
        const [task] = episodes(1);
        const start = theta();
        const phi = method.adapt(start, task!.support);
        expect(equals(phi.body as Params, start.body as Params)).toBe(true);
        expect(equals(phi.head as Params, start.head as Params)).toBe(false);
        expect(
          Math.abs(
            flatten(method.metaGradients(start, [task!]).gradients)
              .get('body/w')!
              .dataSync()[0]!,
          ),
        ).toBeGreaterThan(1e-4);
      }) as never);

    it('learns rates: gradients of a tree of rates agree with finite differences', () =>
      tidy(() => {
        const method = maml<Params, Data>({ loss, steps: 2 });
        const tasks = episodes(2);
        const rates = mapParams(theta(), (leaf) => mul(tensor(wave(leaf.size, 7), leaf.shape), 0.1));
        const f = (alpha: Params) => method.metaLoss(theta(), tasks, { innerLearningRate: alpha });
        expect(distance(valueAndGradients(f, rates).gradients, finiteDifferences(f, rates))).toBeLessThan(2e-3);
      }) as never);

    it('owns and mutates nothing: inputs survive the disposal of results', () => {
      const method = maml<Params, Data>({ loss, adapts: 'head/*' });
      tidy(() => {
        const start = theta();
        const before = mapParams(start, (leaf) => leaf.clone());
        const tasks = episodes(2);
        const held = memory().numTensors;
        const phi = method.adapt(start, tasks[0]!.support);
        expect(memory().numTensors).toBe(held + 4);
        for (const leaf of flatten(phi).values()) leaf.dispose();
        method.metaLoss(start, tasks).dispose();
        expect(memory().numTensors).toBe(held);
        const { value, gradients, perTask } = method.metaGradients(start, tasks);
        expect(memory().numTensors).toBe(held + 6);
        value.dispose();
        perTask.dispose();
        for (const leaf of flatten(gradients).values()) leaf.dispose();
        expect(memory().numTensors).toBe(held);
        expect(equals(start, before)).toBe(true);
      });
    });

    it('zero steps leave the parameters alone', () =>
      tidy(() => {
        const method = maml<Params, Data>({ loss });
        const [task] = episodes(1);
        expect(equals(method.adapt(theta(), task!.support, { steps: 0 }), theta())).toBe(true);
        expect(method.metaLoss(theta(), [task!], { steps: 0 }).dataSync()[0]).toBeCloseTo(loss(theta(), task!.query).dataSync()[0]!, 6);
      }) as never);
  });
}

describe('tracing', () => {
  for (const order of ['first', 'second'] as const)
    it(`reads no values on the way (${order} order, loop and batch)`, () =>
      expectTraceable(() => {
        maml<Params, Data>({ loss, order, steps: 2 }).metaGradients(theta(), episodes(2));
        maml<Params, Data>({ loss: losses, order, steps: 2, batched: true }).metaGradients(theta(), stacked(episodes(2)));
      }));
});

describe('what maml refuses', () => {
  beforeAll(() => setBackend('cpu'));
  const refuses = (code: string, call: () => unknown) =>
    expect(() => tidy(() => void call())).toThrowError(expect.objectContaining({ code }) as never);

  it('names the mistake', () => {
    const [task] = episodes(1);
    refuses('nothing_to_adapt', () => maml<Params, Data>({ loss, adapts: 'heads/*' }).adapt(theta(), task!.support));
    refuses('bad_option', () => maml<Params, Data>({ loss, steps: 1.5 }).adapt(theta(), task!.support));
    refuses('no_tasks', () => maml<Params, Data>({ loss }).metaGradients(theta(), []));
    refuses('shape_mismatch', () => maml<Params, Data>({ loss: losses }).metaLoss(stackParams(theta(), 1), [stacked([task!])]));
    refuses('structure_mismatch', () =>
      maml<Params, Data>({ loss, innerLearningRate: { head: { w: tensor1d([1]) } } }).adapt(theta(), task!.support),
    );
    for (const part of [task!.support, task!.query]) for (const leaf of Object.values(part)) leaf.dispose();
  });
});
