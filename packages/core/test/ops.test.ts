import { expectAllClose, expectTensors, expectTraceable, onBackends, sampleTensor } from '@taskloom/testing';
import {
  add,
  broadcastTo,
  div,
  exp,
  matMul,
  mul,
  neg,
  type Scalar,
  softplus,
  square,
  sub,
  sum,
  tensor,
  tensor1d,
  tensor2d,
  tensor3d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gelu, logSoftmax, logSumExp, matMulBroadcast, softmax, stopGradient, TaskloomError, take, valueAndGradients } from '../src/index';

onBackends(['cpu', 'wasm'], () => {
  describe('softmax, logSoftmax, logSumExp', () => {
    test('agree with each other along any axis', () => {
      tidy(() => {
        const x = sampleTensor([3, 4, 2], 1, -3, 3);
        for (const axis of [0, 1, 2, -1]) {
          expectAllClose(exp(logSoftmax(x, axis)), softmax(x, axis));
          expectAllClose(sub(x, logSumExp(x, axis, true)), logSoftmax(x, axis));
          expectAllClose(sum(softmax(x, axis), axis), new Float32Array(sum(x, axis).size).fill(1));
          expect(logSumExp(x, axis).shape).toEqual(sum(x, axis).shape);
        }
      });
    });

    test('large and very negative values stay finite, with their gradients', () => {
      tidy(() => {
        const x = tensor2d([1e4, 1e4, -1e4, -1e4, -1e30, 5], [2, 3]);
        expectAllClose(logSumExp(x), [1e4 + Math.log(2), 5]);
        const { value, gradients } = valueAndGradients((p) => sum(mul(logSoftmax(p.x), tensor2d([1, 0, 0, 0, 0, 1], [2, 3]))) as Scalar, {
          x,
        });
        expectAllClose(value, [-Math.log(2)]);
        expectAllClose(gradients.x, [0.5, -0.5, 0, 0, 0, 0]);
        expectAllClose(logSumExp(tensor1d([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])), [Number.NEGATIVE_INFINITY]);
      });
    });
  });

  test('gelu at known points', () => {
    tidy(() => {
      const x = tensor1d([-3, -1, 0, 0.5, 2]);
      expectAllClose(gelu(x), [-0.00404969, -0.15865525, 0, 0.34573123, 1.9544997], 2e-6);
      expectAllClose(gelu(x, { approximate: true }), [-0.00363739, -0.15880801, 0, 0.34571401, 1.9545977], 2e-6);
      expectAllClose(gelu(tensor1d([-40, 40])), [0, 40]);
    });
  });

  describe('take', () => {
    test('any shape of ids; each task its own table', () => {
      tidy(() => {
        const table = tensor2d([0, 1, 10, 11, 20, 21], [3, 2]);
        expectAllClose(take(table, tensor2d([2, 0, 1, 1], [2, 2], 'int32')), tensor3d([20, 21, 0, 1, 10, 11, 10, 11], [2, 2, 2]));
        const tables = tensor([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121], [2, 3, 2]);
        expectAllClose(take(tables, tensor2d([2, 0, 2, 1], [2, 2], 'int32')), tensor3d([20, 21, 0, 1, 120, 121, 110, 111], [2, 2, 2]));
        expectAllClose(take(tables, tensor1d([1, 1], 'int32')), tensor2d([10, 11, 110, 111], [2, 2]));
        expect(() => take(tables, tensor2d([0, 0, 0], [3, 1], 'int32'))).toThrow(TaskloomError);
        expect(() => take(tensor1d([1]), tensor1d([0], 'int32'))).toThrow(TaskloomError);
      });
    });

    test('the gradient adds up what one row gave, and is zero elsewhere', () => {
      fc.assert(
        fc.property(fc.array(fc.nat(6), { minLength: 1, maxLength: 12 }), (ids) => {
          tidy(() => {
            const { gradients } = valueAndGradients((p) => sum(take(p.table, tensor1d(ids, 'int32'))) as Scalar, {
              table: sampleTensor([7, 2]),
            });
            const counts = Array.from({ length: 7 }, (_, row) => ids.filter((id) => id === row).length);
            expectAllClose(
              gradients.table,
              counts.flatMap((count) => [count, count]),
            );
          });
        }),
        { numRuns: 20 },
      );
    });
  });

  test('matMulBroadcast equals the product of the repeated sides', () => {
    const cases: [number[], number[]][] = [
      [
        [2, 3],
        [3, 4],
      ],
      [
        [5, 2, 3],
        [3, 4],
      ],
      [
        [2, 3],
        [5, 3, 4],
      ],
      [
        [2, 1, 2, 3],
        [3, 3, 4],
      ],
      [
        [2, 3, 2, 3],
        [2, 1, 3, 4],
      ],
      [
        [1, 2, 3],
        [4, 3, 1],
      ],
    ];
    tidy(() => {
      for (const [sa, sb] of cases) {
        const [a, b] = [sampleTensor(sa), sampleTensor(sb, 2)];
        const batch = sa.length === 2 && sb.length === 2 ? [] : add(sum(a, [-1, -2]), sum(b, [-1, -2])).shape;
        const full = (x: typeof a) => broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
        const swap = (x: typeof a) =>
          transpose(
            x,
            [...x.shape.keys()].map((axis) => (axis < x.rank - 2 ? axis : 2 * x.rank - 3 - axis)),
          );
        const expected = matMul(full(a), full(b));
        expectAllClose(matMulBroadcast(a, b), expected);
        expectAllClose(matMulBroadcast(swap(a), swap(b), { transposeA: true, transposeB: true }), expected);
      }
    });
  });

  test('stopGradient: the value without the way back, also at second order', () => {
    tidy(() => {
      const { gradients } = valueAndGradients(
        (p) => {
          const inner = valueAndGradients((q) => sum(mul(square(q.x), stopGradient(q.x))) as Scalar, p); // 2x·sg(x)
          return sum(inner.gradients.x) as Scalar;
        },
        { x: tensor1d([3, 4]) },
      );
      expectAllClose(gradients.x, [6, 8]);
      const x = tensor1d([1]);
      stopGradient(x).dispose();
      expectAllClose(x, [1]);
    });
  });

  test('keep one tensor, or what they return', () => {
    const x = sampleTensor([2, 3]);
    const ids = tensor1d([1, 0], 'int32');
    for (const f of [
      () => softmax(x, 0),
      () => logSoftmax(x),
      () => logSumExp(x, 0),
      () => gelu(x),
      () => take(x, ids),
      () => stopGradient(x),
    ])
      expectTensors(f, 1).dispose();
    const y = tensor3d([1, 2, 3], [1, 3, 1]);
    expectTensors(() => matMulBroadcast(x, y), 1).dispose();
    y.dispose();
    x.dispose();
    ids.dispose();
  });
});

test('are traceable', async () => {
  await expectTraceable(() => {
    const x = sampleTensor([2, 3]);
    for (const f of [softmax, logSoftmax, logSumExp, gelu]) f(x);
    matMulBroadcast(x, sampleTensor([2, 3, 2]));
    take(x, tensor1d([1, 0], 'int32'));
    stopGradient(x);
  });
  await expect(expectTraceable(() => sampleTensor([2]).dataSync())).rejects.toThrow('cannot be traced');
});

test('logistic loss through softplus: the gradient is σ(x) − y', () => {
  tidy(() => {
    const [x, y] = [tensor1d([-2, 0.5]), tensor1d([1, 0])];
    const { gradients } = valueAndGradients((p) => sum(sub(softplus(p.x), mul(p.x, y))) as Scalar, { x });
    expectAllClose(gradients.x, sub(div(1, add(1, exp(neg(x)))), y));
  });
});
