import { expectAllClose, expectTensors, expectTraceable, onBackends, sampleTensor } from '@taskloom/testing';
import {
  add,
  clone,
  exp,
  matMul,
  memory,
  mul,
  pow,
  type Scalar,
  scalar,
  sin,
  square,
  sum,
  type Tensor,
  type Tensor1D,
  tanh,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  disposeParams,
  flatten,
  innerProduct,
  jacobianRows,
  type Params,
  random,
  TaskloomError,
  take,
  valueAndGradients,
} from '../src/index';

const of = (tree: Params, path: string) => flatten(tree).get(path)!;

onBackends(['cpu', 'wasm'], () => {
  describe('valueAndGradients', () => {
    test('value, gradients and auxiliary output, and nothing else is kept', () => {
      const params = { a: tensor1d([1, 2]), deep: { b: scalar(3) } };
      const before = memory().numTensors;
      const { value, aux, gradients } = valueAndGradients(
        ({ a, deep }) => ({ value: mul(sum(square(a)), deep.b) as Scalar, aux: { squares: square(a), nested: { b: deep.b } } }),
        params,
      );
      expect(memory().numTensors - before).toBe(1 + 2 + 2);
      expectAllClose(value, [15]);
      expectAllClose(of(gradients, 'a'), [6, 12]);
      expectAllClose(of(gradients, 'deep/b'), [5]);
      expectAllClose(aux.squares, [1, 4]);
      expectAllClose(aux.nested.b, [3]);
      value.dispose();
      disposeParams(aux);
      disposeParams(gradients);
      expect(memory().numTensors).toBe(before);
      expectAllClose(params.a, [1, 2]);
      disposeParams(params);
    });

    test('wrt selects; unused leaves get zeros', () => {
      tidy(() => {
        const params = { shared: { w: scalar(2), unused: tensor1d([1, 1]) }, task: { v: scalar(5) } };
        const { gradients } = valueAndGradients(({ shared, task }) => mul(square(shared.w), task.v) as Scalar, params, {
          wrt: 'shared/**',
        });
        expect([...flatten(gradients).keys()]).toEqual(['shared/unused', 'shared/w']);
        expectAllClose(of(gradients, 'shared/w'), [20]);
        expectAllClose(of(gradients, 'shared/unused'), [0, 0]);
      });
    });

    test('what the function holds by closure is constant, and a tensor at two paths has two gradients', () => {
      tidy(() => {
        const w = scalar(3);
        expectAllClose(of(valueAndGradients((p) => mul(p.w, w) as Scalar, { w }).gradients, 'w'), [3]);
        const { gradients } = valueAndGradients((p) => mul(square(p.x), p.y) as Scalar, { x: w, y: w });
        expectAllClose(of(gradients, 'x'), [18]);
        expectAllClose(of(gradients, 'y'), [9]);
      });
    });

    test('a function that returns a parameter, or a constant, leaves the caller with what it had', () => {
      const [w, c] = [scalar(3), scalar(4)];
      expectTensors(() => {
        const same = valueAndGradients((p) => p.w, { w });
        expectAllClose(of(same.gradients, 'w'), [1]);
        const none = valueAndGradients(() => c, { w });
        expectAllClose(of(none.gradients, 'w'), [0]);
        for (const result of [same, none]) disposeParams({ value: result.value, gradients: result.gradients });
      }, 0);
      expectAllClose(w, [3]);
      expectAllClose(c, [4]);
    });

    test('nests to third order: x⁵ and tanh', () => {
      tidy(() => {
        const derive =
          (f: (p: { x: Tensor }) => Scalar) =>
          (p: { x: Tensor }): Scalar =>
            valueAndGradients(f, p).gradients.x as Scalar;
        const fifth = (p: { x: Tensor }) => pow(p.x, scalar(5)) as Scalar;
        const x = scalar(1.3);
        expectAllClose(derive(derive(derive(fifth)))({ x }), [60 * 1.3 ** 2], 1e-4);
        const t = Math.tanh(1.3);
        expectAllClose(derive(derive((p) => tanh(p.x) as Scalar))({ x }), [-2 * t * (1 - t * t)], 1e-5);
        expectAllClose(derive(derive(derive((p) => tanh(p.x) as Scalar)))({ x }), [(1 - t * t) * (6 * t * t - 2)], 1e-4);
      });
    });

    test('the auxiliary output of an inner gradient can be differentiated', () => {
      tidy(() => {
        const outer = valueAndGradients(
          (p) => {
            const inner = valueAndGradients((q) => ({ value: mul(square(q.x), q.x) as Scalar, aux: { e: exp(q.x) } }), { x: p.x });
            return add(inner.aux.e, inner.gradients.x) as Scalar; // eˣ + 3x²
          },
          { x: scalar(0.5) },
        );
        expectAllClose(outer.gradients.x, [Math.exp(0.5) + 3], 1e-5);
      });
    });

    test('no tensors accumulate over nested steps', () => {
      const params = { w: sampleTensor([3, 3]) };
      const step = () =>
        tidy(() => {
          const { gradients } = valueAndGradients((p) => {
            const inner = valueAndGradients((q) => sum(square(tanh(matMul(q.w as Tensor, q.w as Tensor)))) as Scalar, p);
            return sum(square(inner.gradients.w)) as Scalar;
          }, params);
          return sum(gradients.w);
        });
      step().dispose();
      expectTensors(() => {
        for (let i = 0; i < 10; i++) step().dispose();
      }, 0);
      params.w.dispose();
    });

    test('refuses integers, vectors and empty selections, and leaks nothing then', () => {
      const params = { a: tensor1d([1, 2]), i: tensor1d([1, 2], 'int32') };
      const code = (f: () => unknown) => {
        try {
          f();
        } catch (error) {
          return TaskloomError.isInstance(error) ? error.code : String(error);
        }
        return 'no error';
      };
      expectTensors(() => {
        expect(code(() => valueAndGradients(() => scalar(1), params))).toBe('bad_dtype');
        expect(code(() => valueAndGradients((p) => clone(p.a) as unknown as Scalar, params, { wrt: 'a' }))).toBe('shape_mismatch');
        expect(code(() => valueAndGradients(() => scalar(1), params, { wrt: 'nothing' }))).toBe('nothing_to_differentiate');
      }, 0);
      disposeParams(params);
    });
  });

  test('jacobianRows: one tree per component, nothing else kept', () => {
    const params = { x: tensor1d([1, 2]) };
    const before = memory().numTensors;
    const { values, rows } = jacobianRows((p) => tidy(() => mul(square(p.x), tensor1d([1, 3])) as Tensor1D), params, { tasks: 2 });
    expect(memory().numTensors - before).toBe(3);
    expectAllClose(values, [1, 12]);
    expectAllClose(rows[0]!.x, [2, 0]);
    expectAllClose(rows[1]!.x, [0, 12]);
    disposeParams({ values, a: rows[0]!.x, b: rows[1]!.x, x: params.x });
  });

  test('innerProduct: its gradient is the direction, 0 where that has no leaf, and none goes to the direction', () => {
    const params = { x: tensor1d([1, 2]), y: scalar(3) };
    const before = memory().numTensors;
    const { value, gradients } = valueAndGradients((p) => innerProduct({ z: square(p.x), y: p.y }, { z: mul(p.x, 5) }), params);
    expect(memory().numTensors - before).toBe(3);
    expectAllClose(value, [5 * 1 + 10 * 4]);
    expectAllClose(gradients.x, [5 * 2 * 1, 10 * 2 * 2]);
    expectAllClose(gradients.y, [0]);
    disposeParams({ value, ...gradients, ...Object.fromEntries(Object.entries(params).map(([name, leaf]) => [`${name}0`, leaf])) });
  });

  test('an embedding trains', () => {
    const ids = tensor2d([0, 1, 4999, 1], [2, 2], 'int32');
    let table = tidy(() => random(7).normal([5000, 4]));
    const target = sampleTensor([2, 4], 9);
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      const { value, gradients } = valueAndGradients((p) => sum(square(add(sum(sin(take(p.table, ids)), 1), mul(target, -1)))) as Scalar, {
        table,
      });
      losses.push(value.dataSync()[0]!);
      const next = tidy(() => add(table, mul(gradients.table, -0.1)));
      disposeParams({ value, table, gradient: gradients.table });
      table = next;
    }
    expect(losses.at(-1)!).toBeLessThan(1e-3 * losses[0]!);
    disposeParams({ ids, table, target });
  });
});

test('first and second order are traceable', async () => {
  await expectTraceable(() => {
    const params = { w: sampleTensorOnce(), table: sampleTensorOnce() };
    const { gradients } = valueAndGradients((p) => {
      const inner = valueAndGradients((q) => sum(tanh(matMul(q.w, take(q.table, tensor1d([0, 2, 2], 'int32'))))) as Scalar, p);
      return sum(square(inner.gradients.table)) as Scalar;
    }, params);
    sum(gradients.w);
  });
});

const sampleTensorOnce = () => sampleTensor([3, 3]);
