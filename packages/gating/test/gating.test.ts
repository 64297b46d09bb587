import '@tensorflow/tfjs-backend-cpu';
import { type Context, flatten, type Module, type Params, random, run, valueAndGradients } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { expectAllClose, expectTensors, onBackends } from '@taskloom/testing';
import { add, memory, type Scalar, setBackend, square, sum, type Tensor, tensor, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  balanceLoss,
  combine,
  denseGates,
  dispatch,
  expertInput,
  mixtureOfExperts,
  mmoe,
  type Routing,
  sigmoidGate,
  softGate,
  softmaxRouter,
  topKRouter,
  usage,
} from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const branches = (count: number, inputs = 4, units = 3) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`expert${i}`, dense({ inputs, units, activation: i % 2 ? 'tanh' : undefined })]),
  );
const input = (rows: number, width = 4, seed = 0) => random('x').fold(seed).normal([rows, width]);
const array = (x: Tensor) => x.arraySync() as number[][];

/** x·kernel + bias in doubles. */
const linear = (x: number[][], { kernel, bias }: { kernel: Tensor; bias?: Tensor }): number[][] => {
  const k = array(kernel);
  const b = bias ? (bias.arraySync() as unknown as number[]) : [];
  return x.map((row) => k[0]!.map((_, j) => row.reduce((total, value, i) => total + value * k[i]![j]!, b[j] ?? 0)));
};
const softmaxOf = (row: number[]) => {
  const e = row.map((z) => Math.exp(z - Math.max(...row)));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / total);
};
type Tree = { readonly [name: string]: { kernel: Tensor; bias?: Tensor } };
const expertOutputs = (params: Params, x: number[][]) =>
  Object.values((params as unknown as { experts: Tree }).experts).map((p, i) =>
    linear(x, p).map((row) => row.map((z) => (i % 2 ? Math.tanh(z) : z))),
  );
const mixed = (outputs: number[][][], gates: number[][]) =>
  gates.map((gate, n) => outputs[0]![n]!.map((_, j) => gate.reduce((total, g, e) => total + g * outputs[e]![n]![j]!, 0)));

onBackends(['cpu', 'wasm'], () => {
  it('softGate is Σ softmax(x·W + b)ᵢ·branchᵢ(x)', () => {
    const module = softGate({ inputs: 4, experts: branches(3) });
    const params = module.init(random(1));
    const x = input(5);
    const gates = linear(array(x), (params as unknown as Tree).router!).map(softmaxOf);
    expectAllClose(run(module, params, x).output, tensor2d(mixed(expertOutputs(params, array(x)), gates)));
  });

  it("sigmoidGate is Σ σ(x·W + b)ᵢ·Wᵢ(x), the issue's h'", () => {
    const module = sigmoidGate({ inputs: 4, experts: branches(3) });
    const params = module.init(random(2));
    const x = input(5);
    const gates = linear(array(x), (params as unknown as Tree).router!).map((row) => row.map((z) => 1 / (1 + Math.exp(-z))));
    expectAllClose(run(module, params, x).output, tensor2d(mixed(expertOutputs(params, array(x)), gates)));
  });

  it('mmoe gives each task its own mixture', () => {
    const module = mmoe({ inputs: 4, experts: branches(3), tasks: ['a', 'b'] });
    const params = module.init(random(3));
    const x = input(5);
    const outputs = run(module, params, x).output;
    for (const task of ['a', 'b']) {
      const gates = linear(array(x), (params as unknown as { gates: Tree }).gates[task]!).map(softmaxOf);
      expectAllClose(outputs[task]!, tensor2d(mixed(expertOutputs(params, array(x)), gates)));
    }
  });

  it('the k best: gates of the chosen only, 0 elsewhere', () => {
    for (const over of ['chosen', 'all'] as const) {
      const module = mixtureOfExperts({ router: topKRouter({ inputs: 4, experts: 4, k: 2, over }), experts: branches(4) });
      const params = module.init(random(4));
      const x = input(6);
      const gates = linear(array(x), (params as unknown as Tree).router!).map((logits) => {
        const chosen = logits
          .map((_, i) => i)
          .sort((a, b) => logits[b]! - logits[a]!)
          .slice(0, 2);
        const all = softmaxOf(logits);
        const few = softmaxOf(chosen.map((i) => logits[i]!));
        return logits.map((_, i) => (!chosen.includes(i) ? 0 : over === 'all' ? all[i]! : few[chosen.indexOf(i)]!));
      });
      expectAllClose(run(module, params, x).output, tensor2d(mixed(expertOutputs(params, array(x)), gates)));
    }
  });

  it('sparse dispatch equals dense, gradients too', () => {
    const router = topKRouter({ inputs: 4, experts: 5, k: 2 });
    const [dense_, sparse] = (['dense', 'sparse'] as const).map((dispatch) => mixtureOfExperts({ router, experts: branches(5), dispatch }));
    const params = dense_!.init(random(5));
    const x = input(7);
    const gradient = (module: Module<Tensor, Tensor>) => valueAndGradients((p) => sum(square(run(module, p, x).output)) as Scalar, params);
    const [expected, actual] = [gradient(dense_!), gradient(sparse!)];
    expectAllClose(actual.value, expected.value);
    for (const [path, leaf] of flatten(expected.gradients)) expectAllClose(flatten(actual.gradients).get(path)!, leaf);
  });
});

describe('dispatch', () => {
  it('does not compute branches that no row has chosen, and only the rows that have', () => {
    const seen: Record<string, number> = {};
    const counted = (name: string): Module<Tensor, Tensor> => {
      const inner = dense({ inputs: 4, units: 3 });
      return {
        ...inner,
        init: (r) => inner.init(r),
        apply: (params, x, context) => {
          seen[name] = x.shape[0]!;
          return inner.apply(params as Parameters<typeof inner.apply>[0], x, context);
        },
      };
    };
    const experts = { left: counted('left'), right: counted('right'), unused: counted('unused') };
    const module = mixtureOfExperts({ router: topKRouter({ inputs: 4, experts: 3, k: 1 }), experts, dispatch: 'sparse' });
    const params = {
      ...module.init(random(1)),
      router: {
        kernel: tensor2d([
          [9, -9, 0],
          [0, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ]),
        bias: tensor([0, 0, -99]),
      },
    };
    tidy(
      () =>
        void run(
          module,
          params,
          tensor2d([
            [1, 0, 0, 0],
            [-1, 0, 0, 0],
            [2, 0, 0, 0],
          ]),
        ),
    );
    expect(seen).toEqual({ left: 2, right: 1 });
  });

  it('sparse = dense for any routing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(1000),
        (n, experts, wanted, seed) => {
          const k = Math.min(wanted, experts - 1);
          tidy(() => {
            const host = Array.from({ length: n }, (_, row) => Array.from({ length: k }, (_, slot) => (row * 7 + seed + slot) % experts));
            const routing: Routing = {
              index: tensor2d(host, [n, k], 'int32'),
              gate: random(seed).uniform([n, k]),
              probabilities: zeros([n, experts]),
            };
            const x = input(n, 3, seed);
            const outputs = (kind: 'dense' | 'sparse') => {
              const work = dispatch(routing, experts, kind);
              const made = Array.from({ length: experts }, (_, e) => {
                const rows = expertInput(x, work, e);
                return rows && add(rows, e);
              });
              return combine(made, routing, work);
            };
            expectAllClose(outputs('sparse'), outputs('dense'));
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  it('refuses sparse dispatch over more axes than rows, and a k that chooses nothing away', () => {
    const routing = softmaxRouter({ inputs: 4, experts: 2 });
    const made = routing.route(routing.init(random(1)), zeros([2, 3, 4]), {} as Context);
    expect(() => dispatch(made, 2, 'sparse')).toThrow(/Sparse dispatch takes rows/);
    expect(() => topKRouter({ inputs: 4, experts: 3, k: 3 })).toThrow(/some of its experts/);
    expect(() => mixtureOfExperts({ router: routing, experts: branches(3) })).toThrow(/do not fit/);
    expect(() => softGate({ inputs: 4, experts: { 1: dense({ inputs: 4, units: 2 }), b: dense({ inputs: 4, units: 2 }) } })).toThrow(
      /cannot name an expert/,
    );
  });
});

describe('usage', () => {
  const routed = (rows: number[][], gates: number[][], experts: number): Routing => {
    const routing = { index: tensor2d(rows, undefined, 'int32'), gate: tensor2d(gates) };
    return { ...routing, probabilities: denseGates(routing as Routing, experts) };
  };

  it('measures load, importance and entropy', () => {
    const { load, importance, entropy } = usage(
      routed(
        [
          [0, 2],
          [2, 0],
        ],
        [
          [0.75, 0.25],
          [0.5, 0.5],
        ],
        3,
      ),
      3,
    );
    expectAllClose(load, [0.5, 0, 0.5]);
    expectAllClose(importance, [0.625, 0, 0.375]);
    expectAllClose(entropy, [(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25) + Math.log(2)) / 2]);
  });

  it('a balance loss is its coefficient where routing is uniform and grows to E times that where it collapses', () => {
    const uniform = routed([[0], [1], [2], [3]], [[1], [1], [1], [1]], 4);
    const collapsed = routed([[1], [1], [1], [1]], [[1], [1], [1], [1]], 4);
    expectAllClose(balanceLoss(uniform, usage(uniform, 4).load, 0.01), [0.01]);
    expectAllClose(balanceLoss(collapsed, usage(collapsed, 4).load, 0.01), [0.04]);
    // All probabilities equal: whatever the load, the coefficient.
    const router = softmaxRouter({ inputs: 4, experts: 4 });
    const even = router.route({ kernel: zeros([4, 4]), bias: zeros([4]) }, input(5), {} as Context);
    expectAllClose(balanceLoss(even, usage(even, 4).load, 0.01), [0.01]);
  });

  it('its gradient evens the router out', () => {
    const module = softGate({ inputs: 4, experts: branches(2), balance: 1 });
    const params = { ...module.init(random(1)), router: { kernel: zeros([4, 2]), bias: tensor([1, 0]) } };
    const { gradients } = valueAndGradients((p) => run(module, p, input(6)).losses.balance as Scalar, params, { wrt: 'router/bias' });
    const [crowded, idle] = (gradients as unknown as { router: { bias: Tensor } }).router.bias.dataSync();
    expect(crowded).toBeGreaterThan(0.01);
    expect(idle).toBeLessThan(-0.01);
  });

  it('is recorded by path, without a loss unless asked for', () => {
    const module = mmoe({ inputs: 4, experts: branches(2), tasks: ['a', 'b'] });
    const { records, losses } = run(module, module.init(random(1)), input(3));
    expect(Object.keys(records).sort()).toEqual(
      ['a', 'b'].flatMap((task) => ['entropy', 'importance', 'load'].map((name) => `gates/${task}/${name}`)),
    );
    expect(losses).toEqual({});
    expectAllClose(sum(records['gates/a/importance']!), [1]);
  });
});

describe('mmoe', () => {
  it('another task, or another order of tasks, changes no other task, bit for bit', () => {
    const build = (tasks: string[]) => mmoe({ inputs: 4, experts: branches(3), tasks });
    const outputs = (tasks: string[]) => {
      const module = build(tasks);
      return run(module, module.init(random(8)), input(4)).output;
    };
    const [few, many] = [outputs(['a', 'b']), outputs(['c', 'b', 'a'])];
    for (const task of ['a', 'b']) expect(many[task]!.dataSync()).toEqual(few[task]!.dataSync());
  });

  it('computes each expert once for all tasks', () => {
    let calls = 0;
    const inner = dense({ inputs: 4, units: 3 });
    const expert: Module<Tensor, Tensor> = {
      ...inner,
      init: (r) => inner.init(r),
      apply: (p, x, c) => {
        calls++;
        return inner.apply(p as Parameters<typeof inner.apply>[0], x, c);
      },
    };
    const module = mmoe({ inputs: 4, experts: { a: expert, b: expert }, tasks: ['x', 'y', 'z'] });
    run(module, module.init(random(1)), input(3));
    expect(calls).toBe(2);
  });

  it('leaves nothing behind', () => {
    const module = mmoe({ inputs: 4, experts: branches(2), tasks: ['a', 'b'] });
    const params = expectTensors(() => module.init(random(1)), 6);
    const x = input(3);
    const before = memory().numTensors;
    const kept = tidy(() => run(module, params, x).output);
    expect(memory().numTensors - before).toBe(2);
    expect(Object.keys(kept)).toEqual(['a', 'b']);
  });
});
