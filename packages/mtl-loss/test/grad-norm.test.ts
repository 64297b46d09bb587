import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, decodeState, encodeState, type GradNormState, gradNorm } from '../src';
import { jacobians, type Matrix, norm } from './matrices';

const forms = ['weights', 'softmax'] as const;
const step = (method: ReturnType<typeof gradNorm>, jacobian: Matrix, state: GradNormState, losses: number[]) =>
  balanceJacobian(jacobian, method, state, balancingContext({ tasks: jacobian.length, losses }));

describe.each(forms)('gradNorm, form %s', (form) => {
  const jacobian = [
    [3, 0, 4],
    [0, 0.5, 0],
    [1, 1, 1],
  ];
  const init = (method: ReturnType<typeof gradNorm>, parameters = [1, 1, 1]) => ({
    ...method.init(['0', '1', '2']),
    parameters: Float64Array.from(parameters),
    initialLosses: Float64Array.of(2, 2, 4),
  });

  it('takes a gradient step on Σ |Nᵢ − N̄ rᵢ^α|, by finite differences', () => {
    const losses = [1, 1.5, 1];
    const start = [0.7, 1.2, 1.1];
    const method = gradNorm({ form, optimizer: 'sgd', learningRate: 1e-3, alpha: 0.7 });
    const { state, weights } = step(method, jacobian, init(method, start), losses);
    const weightsOf = (p: number[]) => {
      if (form === 'weights') return p;
      const total = p.reduce((sum, value) => sum + Math.exp(value), 0);
      return p.map((value) => (3 * Math.exp(value)) / total);
    };
    expect([...weights]).toEqual(weightsOf(start).map((weight) => expect.closeTo(weight, 12)));
    const norms = (p: number[]) => weightsOf(p).map((weight, i) => weight * norm(jacobian[i]!));
    const ratios = losses.map((loss, i) => loss / [2, 2, 4][i]!);
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    const targets = ratios.map((ratio) => mean(norms(start)) * (ratio / mean(ratios)) ** 0.7);
    const objective = (p: number[]) => norms(p).reduce((sum, value, i) => sum + Math.abs(value - targets[i]!), 0);
    const slopes = start.map((_, i) => {
      const at = (delta: number) => objective(start.map((value, k) => (k === i ? value + delta : value)));
      return (at(1e-7) - at(-1e-7)) / 2e-7;
    });
    const moved = start.map((value, i) => value - 1e-3 * slopes[i]!);
    const total = moved.reduce((a, b) => a + b);
    const expected = form === 'weights' ? moved.map((value) => (3 * value) / total) : moved;
    for (const [i, value] of expected.entries()) expect(state.parameters[i]).toBeCloseTo(value, 7);
  });

  it('with α = 0 makes the weighted norms equal, and its weights keep the sum T', () => {
    const method = gradNorm({ form, alpha: 0, learningRate: 0.01 });
    let state = method.init(['0', '1', '2']);
    for (let i = 0; i < 3000; i++) ({ state } = step(method, jacobian, state, [1, 1, 1]));
    const { weights } = step(method, jacobian, state, [1, 1, 1]);
    const norms = jacobian.map((row, i) => weights[i]! * norm(row));
    expect(Math.max(...norms) / Math.min(...norms)).toBeLessThan(1.2);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(3, 9);
  });

  it('helps the task that lags', () => {
    const method = gradNorm({ form });
    let state = method.init(['0', '1']);
    const even = [
      [1, 0],
      [0, 1],
    ];
    ({ state } = step(method, even, state, [1, 1]));
    for (let i = 0; i < 20; i++) ({ state } = step(method, even, state, [0.9, 0.3]));
    const { weights } = step(method, even, state, [0.9, 0.3]);
    expect(weights[0]!).toBeGreaterThan(weights[1]!);
  });

  it('weights start at 1, stay finite and not negative, and an absent task waits', () => {
    const loss = fc.oneof(fc.constantFrom(0, 1e-12, 1e12), fc.double({ min: 0, max: 5, noNaN: true }));
    fc.assert(
      fc.property(jacobians, fc.array(fc.tuple(loss, fc.boolean()), { minLength: 6, maxLength: 6 }), (matrix, seen) => {
        for (const optimizer of ['adam', 'sgd'] as const) {
          const method = gradNorm({ form, optimizer });
          let state = method.init(matrix.map((_, i) => String(i)));
          expect([
            ...step(
              method,
              matrix,
              state,
              seen.slice(0, matrix.length).map(([value]) => value),
            ).weights,
          ]).toEqual(matrix.map(() => expect.closeTo(1, 12)));
          for (let i = 0; i < 5; i++) {
            const present = matrix.map((_, k) => (i % 2 === 1 && seen[k]![1] ? 0 : 1));
            const context = balancingContext({ tasks: matrix.length, losses: matrix.map((_, k) => seen[k]![0]), present });
            const result = balanceJacobian(matrix, method, state, context);
            state = result.state;
            expect([...result.weights].every((weight) => Number.isFinite(weight) && weight >= 0)).toBe(true);
            expect([...result.weights].filter((_, k) => !present[k]).every((weight) => weight === 0)).toBe(true);
          }
        }
      }),
      { numRuns: 150, seed: 4 },
    );
  });

  it('goes on from an encoded state as if nothing had happened, and takes initial losses by name', () => {
    const method = gradNorm({ form, initialLosses: { 0: 2, 1: 2, 2: 4 } });
    const { state } = step(method, jacobian, method.init(['0', '1', '2']), [1, 1, 1]);
    expect([...state.initialLosses]).toEqual([2, 2, 4]);
    const back = decodeState(JSON.parse(JSON.stringify(encodeState(state)))) as GradNormState;
    expect(step(method, jacobian, back, [1, 2, 1])).toEqual(step(method, jacobian, state, [1, 2, 1]));
  });
});
