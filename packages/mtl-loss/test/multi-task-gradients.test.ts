import { flatten, type GradientBalancer, hostRandom, type Params } from '@taskloom/core';
import { expectAllClose, expectTensors, expectTraceable, onBackends } from '@taskloom/testing';
import {
  add,
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
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  train,
  variable,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, gramianOf, mean, mgda, multiTaskGradients, pcgrad } from '../src';

const draw = (name: string, shape: number[]) => tensor(hostRandom(name).normal(shape.reduce((a, b) => a * b, 1)), shape);

type Model = { shared: { w: Tensor; b: Tensor }; heads: { one: Tensor; two: Tensor; three: Tensor } };
const model = (): Model => ({
  shared: { w: draw('w', [4, 3]), b: draw('b', [3]) },
  heads: { one: draw('one', [3, 1]), two: draw('two', [3, 1]), three: draw('three', [3, 1]) },
});

/** Three squared errors that share a tanh layer; the second contradicts the first. */
function losses({ shared, heads }: Model): Tensor1D {
  const x = draw('x', [8, 4]);
  const hidden = tanh(add(matMul(x, shared.w), shared.b));
  const error = (head: Tensor, target: Tensor) => meanOf(square(sub(matMul(hidden, head), target)));
  const y = draw('y', [8, 1]);
  return stack([error(heads.one, y), mul(error(heads.two, mul(y, -3)), 5), error(heads.three, draw('z', [8, 1]))]) as Tensor1D;
}

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
