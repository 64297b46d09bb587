import { gramianOf } from '@taskloom/core';
import { expectAllClose, onBackends } from '@taskloom/testing';
import { tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, decodeState, type ExcessMtlState, encodeState, excessMtl, type JacobianState } from '../src';
import type { Matrix } from './matrices';

const step = (method: ReturnType<typeof excessMtl>, jacobian: Matrix, state?: JacobianState<ExcessMtlState>, present?: number[]) =>
  balanceJacobian(jacobian, method, state, balancingContext({ tasks: jacobian.length, present }));

describe('excessMtl', () => {
  const first = [
    [1, 2],
    [3, 0],
  ];
  const second = [
    [0.5, 0],
    [0, -2],
  ];

  it('is its formula over two steps', () => {
    const method = excessMtl({ learningRate: 0.7, epsilon: 0.1 });
    const one = step(method, first);
    expect([...one.weights]).toEqual([1, 1]);
    expect([...one.update]).toEqual([4, 2]);
    const risk = (row: number[], sums: number[]) => row.reduce((e, g, k) => e + (g * g) / Math.sqrt(sums[k]! + 0.1), 0);
    const e0 = [risk([1, 2], [1, 4]), risk([3, 0], [9, 0])];
    const e1 = [risk([0.5, 0], [1.25, 4]), risk([0, -2], [9, 4])];
    const raised = e1.map((e, i) => Math.exp((0.7 * e) / e0[i]!));
    const weights = raised.map((value) => (2 * value) / (raised[0]! + raised[1]!));
    const two = step(method, second, one.state);
    for (const [i, weight] of weights.entries()) expect(two.weights[i]).toBeCloseTo(weight, 12);
    expect(two.update[0]).toBeCloseTo(0.5 * weights[0]!, 12);
    expect(two.update[1]).toBeCloseTo(-2 * weights[1]!, 12);
    expect(two.state.memory.map((row) => [...row])).toEqual([
      [1.25, 4],
      [9, 4],
    ]);
  });

  it('weights leave a task that has converged for one that has not, and keep the sum T', () => {
    const method = excessMtl({ learningRate: 1 });
    let state: JacobianState<ExcessMtlState> | undefined;
    let weights = new Float64Array();
    for (let t = 0; t < 30; t++) {
      const result = step(
        method,
        [
          [t === 0 ? 1 : 0.01, 0],
          [0, 1],
          [0, 0],
        ],
        state,
      );
      state = result.state;
      weights = Float64Array.from(result.weights);
    }
    expect(weights[1]!).toBeGreaterThan(2 * weights[0]!);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(3, 9);
  });

  it('an absent task waits, and stays finite through huge and vanishing gradients', () => {
    const method = excessMtl({ learningRate: 1 });
    const one = step(method, first);
    const two = step(
      method,
      [
        [1e15, 1],
        [Number.NaN, Number.NaN],
      ],
      one.state,
      [1, 0],
    );
    expect(two.weights[1]).toBe(0);
    expect(two.state.own.weights[1]).toBe(one.state.own.weights[1]);
    expect(two.state.own.weights[0]).toBeCloseTo(1, 12);
    expect([...two.state.memory[1]!]).toEqual([...one.state.memory[1]!]);
    const tiny = step(method, [
      [1e-15, 0],
      [1e-15, 0],
    ]);
    const after = step(
      method,
      [
        [1e15, 0],
        [0, 0],
      ],
      tiny.state,
    );
    expect([...after.weights].every(Number.isFinite)).toBe(true);
    const back = decodeState(JSON.parse(JSON.stringify(encodeState(after.state)))) as typeof after.state;
    expect(step(method, second, back)).toEqual(step(method, second, after.state));
  });
});

onBackends(['cpu', 'wasm'], () => {
  it('the excess risks of tensors are those of the host', () => {
    tidy(() => {
      const method = excessMtl();
      const rows = [
        [1, -2, 0.5],
        [0.1, 0, 3],
      ];
      const sums = [
        [0.3, 1, 2],
        [4, 0, 0.2],
      ];
      const gramian = gramianOf(
        rows.map((row) => ({ w: tensor1d(row) })),
        { w: tensor2d(sums) },
        method.derived,
      ).arraySync();
      const expected = rows.map((row, i) => row.reduce((e, g, k) => e + (g * g) / Math.sqrt(sums[i]![k]! + g * g + 1e-7), 0));
      expectAllClose(
        [4, 5].map((i) => gramian[i]![i]!),
        expected,
        1e-5,
      );
    });
  });
});
