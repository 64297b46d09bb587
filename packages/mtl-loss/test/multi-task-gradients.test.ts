import { disposeParams, flatten, type GradientBalancer, type JacobianMethod, type Params } from '@taskloom/core';
import { expectAllClose, expectTensors, expectTraceable, onBackends } from '@taskloom/testing';
import {
  matMul,
  mean as meanOf,
  mul,
  reshape,
  scalar,
  square,
  stack,
  sub,
  type Tensor,
  type Tensor1D,
  tanh,
  tensor1d,
  tensor2d,
  tidy,
  train,
  variable,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  balanceJacobian,
  balancingContext,
  dbMtl,
  excessMtl,
  gradDrop,
  gradVac,
  gramianOf,
  type JacobianState,
  mConfig,
  mean,
  mgda,
  moco,
  modo,
  multiTaskGradients,
  pcgrad,
  sdmgrad,
  trimmedMean,
} from '../src';
import { draw, features, headLosses, losses, type Model, model } from './three-tasks';

/** All weights 1. */
const sumOfRows: GradientBalancer<null> = {
  ...mean(),
  weigh: (_, state, { present }) => ({ weights: new Float64Array(present.length).fill(1), state }),
};

onBackends(['cpu', 'wasm'], () => {
  const methods: [string, GradientBalancer<null>][] = [
    ['mean', mean()],
    ['pcgrad', pcgrad()],
    ['mgda', mgda()],
  ];

  it.each(methods)('%s: the same weights, gradients and Gramian as on the Jacobian at hand', (_, method) => {
    tidy(() => {
      const params = model();
      const got = multiTaskGradients({ losses, params, method });
      const jacobian = [0, 1, 2].map((task) =>
        flat(multiTaskGradients({ losses, params, method: mean(), present: oneHot(task) }).gradients),
      );
      const expected = balanceJacobian(jacobian, method);
      expectAllClose(got.weights, expected.weights, 1e-4);
      expectAllClose(flat(got.gradients), expected.update, 1e-4);
      expectAllClose(
        got.gramian,
        jacobian.flatMap((a) => jacobian.map((b) => a.reduce((sum, value, k) => sum + value * b[k]!, 0))),
        1e-4,
      );
      expectAllClose(got.losses, losses(params), 1e-5);
    });
  });

  it('`shared`: balances the shared leaves, and gives each head its own task’s gradient', () => {
    tidy(() => {
      const params = model();
      const got = multiTaskGradients({ losses, params, method: mgda(), shared: 'shared/**' });
      const shared = multiTaskGradients({ losses, params, method: mgda(), wrt: 'shared/**' });
      expectAllClose(got.gramian, shared.gramian, 1e-5);
      expectAllClose(flat(got.gradients.shared), flat(shared.gradients.shared), 1e-5);
      for (const [i, name] of (['one', 'two', 'three'] as const).entries()) {
        const own = multiTaskGradients({ losses, params, method: mean(), present: oneHot(i) });
        expectAllClose(got.gradients.heads[name], own.gradients.heads[name], 1e-5);
      }
      expect(() => multiTaskGradients({ losses, params, method: mgda(), shared: 'trunk/**' })).toThrowError(
        expect.objectContaining({ code: 'nothing_shared' }) as never,
      );
    });
  });

  it('leaves an absent task out of weights and gradients', () => {
    tidy(() => {
      const params = model();
      const got = multiTaskGradients({ losses, params, method: mgda(), present: tensor1d([1, 0, 1]), shared: 'shared/**' });
      expect(got.weights.dataSync()[1]).toBe(0);
      expectAllClose(got.gradients.heads.two, [0, 0, 0]);
    });
  });

  it('`store: nothing`: a second backward pass makes the same update without the rows', () => {
    tidy(() => {
      const params = model();
      for (const shared of [undefined, 'shared/**']) {
        const present = tensor1d([1, 0, 1]);
        const kept = multiTaskGradients({ losses, params, method: mgda(), shared, present });
        const got = multiTaskGradients({ losses, params, method: mgda(), shared, present, store: 'nothing' });
        expectAllClose(flat(got.gradients), flat(kept.gradients), 1e-4);
        expectAllClose(got.weights, kept.weights, 1e-5);
      }
    });
  });

  it('`blocks`: weights for each leaf, or for the leaves of one name', () => {
    tidy(() => {
      const params = model();
      const byLeaf = multiTaskGradients({ losses, params, method: mgda(), shared: 'shared/**', blocks: 'leaf' });
      for (const leaf of ['w', 'b'] as const) {
        const alone = multiTaskGradients({ losses, params, method: mgda(), wrt: `shared/${leaf}` });
        expectAllClose(byLeaf.gradients.shared[leaf], alone.gradients.shared[leaf], 1e-4);
      }
      const whole = multiTaskGradients({ losses, params, method: mgda(), shared: 'shared/**' });
      const one = multiTaskGradients({ losses, params, method: mgda(), shared: 'shared/**', blocks: () => 'all' });
      expectAllClose(flat(one.gradients), flat(whole.gradients), 1e-5);
      expectAllClose(byLeaf.gramian, whole.gramian, 1e-5);
    });
  });

  it('`blocks` keep a state each', () => {
    tidy(() => {
      const params = model();
      const options = { losses, params, method: gradVac({ beta: 0.5 }) };
      const first = multiTaskGradients({ ...options, shared: 'shared/**', blocks: 'leaf' });
      const second = multiTaskGradients({ ...options, shared: 'shared/**', blocks: 'leaf', state: first.state, context: { step: 1 } });
      expect(Object.keys(second.state).sort()).toEqual(['shared/b', 'shared/w']);
      for (const leaf of ['w', 'b'] as const) {
        const once = multiTaskGradients({ ...options, wrt: `shared/${leaf}` });
        const twice = multiTaskGradients({ ...options, wrt: `shared/${leaf}`, state: once.state, context: { step: 1 } });
        expectAllClose(second.gradients.shared[leaf], twice.gradients.shared[leaf], 1e-4);
        for (const [at, target] of second.state[`shared/${leaf}`]!.targets.entries())
          expect(target).toBeCloseTo(twice.state.targets[at]!, 5);
        expect(twice.state.targets).not.toEqual(once.state.targets);
      }
    });
  });

  it('`at: features`: the Gramian at the representation, then one backward pass through the trunk', () => {
    tidy(() => {
      const params = model();
      const got = multiTaskGradients({ at: 'features', features, losses: headLosses, params, method: mgda() });
      // By hand: rows at z, their weights, and the gradient of Σ wᵢLᵢ of the trunk, ΣLᵢ of the heads.
      const z = features(params);
      const rows = [0, 1, 2].map((task) =>
        flat(
          multiTaskGradients({ losses: ({ leaf }) => headLosses(params, leaf), params: { leaf: z }, method: mean(), present: oneHot(task) })
            .gradients,
        ),
      );
      const { weights } = balanceJacobian(rows, mgda());
      expectAllClose(got.weights, weights, 1e-4);
      const weighted = multiTaskGradients({
        losses: (p) => mul(losses(p), tensor1d(Float32Array.from(weights))) as Tensor1D,
        params,
        method: sumOfRows,
      });
      const summed = multiTaskGradients({ losses, params, method: sumOfRows });
      expectAllClose(flat(got.gradients.shared), flat(weighted.gradients.shared), 1e-4);
      expectAllClose(flat(got.gradients.heads), flat(summed.gradients.heads), 1e-4);
      expectAllClose(got.losses, losses(params), 1e-5);
      expectTensors(() => void multiTaskGradients({ at: 'features', features, losses: headLosses, params, method: mgda() }), 9);
    });
  });

  it('`at: features` with equal weights is the gradient of the sum', () => {
    tidy(() => {
      const params = model();
      const got = multiTaskGradients({ at: 'features', features, losses: headLosses, params, method: mean() });
      const rows = multiTaskGradients({ losses, params, method: mean(), shared: 'shared/**' });
      expectAllClose(flat(got.gradients), flat(rows.gradients), 1e-4);
    });
  });

  it('GradDrop at the features: with all entries kept the gradient of the sum, with draws another', () => {
    tidy(() => {
      const params = model();
      const at = (leak: number) =>
        multiTaskGradients({ at: 'features', features, losses: headLosses, params, method: gradDrop({ level: 'representation', leak }) });
      const sum = multiTaskGradients({ losses, params, method: sumOfRows });
      expectAllClose(flat(at(1).gradients), flat(sum.gradients), 1e-4);
      const dropped = flat(at(0).gradients.shared);
      expect(dropped.some((value, k) => Math.abs(value - flat(sum.gradients.shared)[k]!) > 1e-3)).toBe(true);
    });
  });

  const inTensors: [string, JacobianMethod<never>][] = [
    ['trimmed-mean', trimmedMean() as JacobianMethod<never>],
    ['excess-mtl', excessMtl() as JacobianMethod<never>],
    ['moco', moco() as JacobianMethod<never>],
    ['modo', modo() as JacobianMethod<never>],
    ['sdmgrad', sdmgrad() as JacobianMethod<never>],
    ['m-config', mConfig() as JacobianMethod<never>],
    ['db-mtl', dbMtl() as JacobianMethod<never>],
  ];
  it.each(inTensors)('%s: three steps in tensors are those on the Jacobian at hand', (_, method) => {
    tidy(() => {
      const params = model();
      const batch = (p: Model, index: number) => mul(losses(p), tensor1d([1 + index, 1, 1 + 0.5 * index])) as Tensor1D;
      let state: never | undefined;
      let memory: Params | undefined;
      let onHost: JacobianState<never> | undefined;
      for (let step = 0; step < 3; step++) {
        const got = multiTaskGradients({ losses: batch, params, method, state, memory, context: { step } });
        ({ state, memory } = got);
        const jacobians = Array.from({ length: method.batches ?? 1 }, (_, index) =>
          [0, 1, 2].map((task) =>
            flat(multiTaskGradients({ losses: (p) => batch(p, index), params, method: mean(), present: oneHot(task) }).gradients),
          ),
        );
        const context = balancingContext({ tasks: 3, step, losses: got.losses.dataSync() });
        const expected = balanceJacobian(jacobians, method, onHost, context);
        onHost = expected.state;
        expectAllClose(got.weights, expected.weights, 1e-3);
        expectAllClose(flat(got.gradients), expected.update, 1e-3);
      }
    });
  });

  it('measures conflict as the share of pairs that point against each other', () => {
    tidy(() => {
      const against = (params: { w: Tensor1D }) => {
        const rows = tensor2d([
          [1, 0],
          [-1, 0.1],
          [0.5, 0.5],
        ]);
        return reshape(matMul(rows, reshape(params.w, [2, 1])), [3]) as Tensor1D;
      };
      const params = { w: tensor1d([1, 2]) };
      // Pairs: (1,2) −1, (1,3) +0.5, (2,3) −0.45.
      expectAllClose(multiTaskGradients({ losses: against, params, method: mean() }).conflict, [2 / 3]);
      expectAllClose(multiTaskGradients({ losses: against, params, method: mean(), present: tensor1d([1, 0, 1]) }).conflict, [0]);
      expectAllClose(multiTaskGradients({ losses: against, params, method: mean(), present: tensor1d([1, 0, 0]) }).conflict, [0]);
    });
  });

  it('leaves behind what it returns and nothing else', () => {
    tidy(() => {
      const params = model();
      // 5 gradients, losses, Gramian, weights, conflict.
      expectTensors(() => void multiTaskGradients({ losses, params, method: pcgrad(), shared: 'shared/**' }), 9);
    });
  });
});

describe('multiTaskGradients', () => {
  it('accepts no method at the features for which gradients there are not sound', () => {
    const params = model();
    const at = { at: 'features', features, losses: headLosses, params } as const;
    // @ts-expect-error PCGrad projects gradients of the parameters.
    const surgery = () => multiTaskGradients({ ...at, method: pcgrad() });
    // @ts-expect-error An average over batches has no meaning for activations.
    const average = () => multiTaskGradients({ ...at, method: moco() });
    // @ts-expect-error Its form for the parameters draws a sign for every entry.
    const entries = () => multiTaskGradients({ ...at, method: gradDrop() });
    // @ts-expect-error A Jacobian method needs its rows.
    const dropped = () => multiTaskGradients({ losses, params, method: trimmedMean(), store: 'nothing' });
    expect([surgery, average, entries, dropped]).toHaveLength(4);
    disposeParams(params);
  });

  it('can be traced', () =>
    expectTraceable(() => {
      const params = model();
      multiTaskGradients({ losses, params, method: mgda(), tasks: 3, shared: 'shared/**', present: tensor1d([1, 1, 0]) });
    }));

  it('carries a state, told and asked each time', () => {
    tidy(() => {
      const counting: GradientBalancer<number> = {
        kind: 'gradient-balancer',
        name: 'counting',
        needs: ['gramian'],
        init: () => 0,
        weigh: (gramian, state, context) => ({ weights: mean().weigh(gramian, null, context).weights, state: state + 1 }),
      };
      const params = model();
      const first = multiTaskGradients({ losses, params, method: counting });
      expect(first.state).toBe(1);
      let kept = 7;
      const second = multiTaskGradients({ losses, params, method: counting, state: () => kept, onState: (state) => (kept = state) });
      expect([second.state, kept]).toEqual([8, 8]);
    });
  });

  it('gives the method names, losses, step and presence', () => {
    tidy(() => {
      const seen: unknown[] = [];
      const curious: GradientBalancer<null> = {
        ...mean(),
        weigh(gramian, state, context) {
          seen.push([...context.tasks], context.step, [...context.present], context.losses.length, context.uniform('x', 2).length);
          return mean().weigh(gramian, state, context);
        },
      };
      multiTaskGradients({
        losses,
        params: model(),
        method: curious,
        tasks: ['a', 'b', 'c'],
        context: () => ({ step: 5 }),
        present: tensor1d([1, 0, 1]),
      });
      expect(seen).toEqual([['a', 'b', 'c'], 5, [1, 0, 1], 3, 2]);
    });
  });

  it('trains a user’s own variables with a stock optimizer: every loss falls', () => {
    const named = (name: string, shape: number[]) => variable(draw(name, shape), true, name);
    const weights = { w: named('w', [4, 3]), one: named('one', [3, 1]), two: named('two', [3, 1]) };
    const x = draw('x', [8, 4]);
    const targets = [matMul(x, draw('a', [4, 1])), matMul(x, draw('b', [4, 1]))];
    const both = ({ w, one, two }: Record<'w' | 'one' | 'two', Tensor>) => {
      const hidden = tanh(matMul(x, w));
      return stack([
        meanOf(square(sub(matMul(hidden, one), targets[0]!))),
        meanOf(square(sub(matMul(hidden, two), targets[1]!))),
      ]) as Tensor1D;
    };
    const optimizer = train.adam(0.02);
    const before = tidy(() => both(weights).dataSync());
    for (let step = 0; step < 60; step++)
      tidy(() =>
        optimizer.applyGradients(
          multiTaskGradients({ losses: both, params: weights, method: pcgrad(), tasks: 2, context: { step } }).gradients as never,
        ),
      );
    const after = tidy(() => both(weights).dataSync());
    for (const i of [0, 1]) expect(after[i]!).toBeLessThan(0.6 * before[i]!);
  });

  it('gramianOf refuses rows of different structure', () => {
    tidy(() => {
      expect(() => gramianOf([{ a: scalar(1) }, { b: scalar(1) }])).toThrowError(
        expect.objectContaining({ code: 'structure_mismatch' }) as never,
      );
      expect(() => gramianOf([])).toThrowError(expect.objectContaining({ code: 'no_tasks' }) as never);
    });
  });
});

function flat(params: Params): number[] {
  return [...flatten(params).values()].flatMap((leaf) => Array.from(leaf.dataSync<'float32'>()));
}
function oneHot(task: number): Tensor1D {
  return tensor1d([0, 1, 2].map((i) => (i === task ? 1 : 0)));
}
