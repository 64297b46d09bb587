import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, decodeState, encodeState, type GradVacState, gradVac, pcgrad } from '../src';
import { dot, jacobians, type Matrix, norm } from './matrices';

/** Each row meets the others beginning after itself. */
const ordersOf = (jacobian: Matrix) => jacobian.map((_, i) => jacobian.map((__, k) => (i + k) % jacobian.length));

describe('grad-vac', () => {
  it('follows the paper’s algorithm on vectors, step after step', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }).chain((tasks) => {
          const entry = fc.double({ min: -2, max: 2, noNaN: true });
          const row = fc.array(entry, { minLength: 8, maxLength: 8 });
          return fc.array(fc.array(row, { minLength: tasks, maxLength: tasks }), { minLength: 3, maxLength: 3 });
        }),
        (noise) => {
          const beta = 0.4;
          const targets = noise[0]!.map((_, __, all) => all.map(() => 0));
          let state: GradVacState | undefined;
          for (const changes of noise) {
            const jacobian = changes.map((row, i) => row.map((value, k) => value + (i === k ? 4 : 1)));
            const permutations = ordersOf(jacobian);
            const expected = jacobian[0]!.map(() => 0);
            for (const [i, row] of jacobian.entries()) {
              let g = [...row];
              for (const j of permutations[i]!) {
                if (j === i) continue;
                const other = jacobian[j]!;
                const cosine = dot(g, other) / (norm(g) * norm(other));
                const target = targets[i]![j]!;
                if (cosine < target) {
                  const rest = Math.sqrt(1 - target ** 2);
                  const amount = (norm(g) * (target * Math.sqrt(1 - cosine ** 2) - cosine * rest)) / (norm(other) * rest);
                  g = g.map((value, k) => value + amount * other[k]!);
                  // What the vaccine is for: the cosine is now the target.
                  expect(dot(g, other) / (norm(g) * norm(other))).toBeCloseTo(target, 6);
                }
                targets[i]![j] = (1 - beta) * target + beta * cosine;
              }
              for (const [k, value] of g.entries()) expected[k]! += value;
            }
            const got = balanceJacobian(jacobian, gradVac({ beta, permutations }), state);
            state = decodeState(JSON.parse(JSON.stringify(encodeState(got.state)))) as GradVacState;
            for (const [k, value] of got.update.entries()) expect(value).toBeCloseTo(expected[k]!, 7);
            for (const [at, value] of state.targets.entries()) expect(value).toBeCloseTo(targets.flat()[at]!, 8);
          }
        },
      ),
      { numRuns: 60, seed: 6 },
    ));

  it('is PCGrad in its first step', () =>
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        const permutations = ordersOf(jacobian);
        const a = balanceJacobian(jacobian, gradVac({ permutations }));
        const b = balanceJacobian(jacobian, pcgrad({ permutations }));
        const size = jacobian.reduce((sum, row, i) => sum + (Math.abs(a.weights[i]!) + Math.abs(b.weights[i]!)) * norm(row), 0);
        for (const [k, value] of a.update.entries()) expect(Math.abs(value - b.update[k]!)).toBeLessThanOrEqual(1e-6 * size);
      }),
      { numRuns: 300, seed: 7 },
    ));

  it('keeps the targets of absent tasks, and stays finite where two tasks have always been the same', () => {
    const same = [
      [1, 2],
      [1, 2],
    ];
    let state = balanceJacobian(same, gradVac({ beta: 1 })).state;
    expect(state.targets[1]).toBeCloseTo(1, 12);
    const absent = balanceJacobian(same, gradVac({ beta: 1 }), state, balancingContext({ tasks: 2, present: [1, 0] }));
    expect(absent.state).toEqual(state);
    const apart = balanceJacobian(
      [
        [1, 2],
        [-2, 1],
      ],
      gradVac({ beta: 1 }),
      state,
    );
    expect([...apart.weights].every(Number.isFinite)).toBe(true);
    state = apart.state;
    expect(state.targets[1]).toBeCloseTo(0, 12);
  });

  it('draws its order from the step’s numbers', () => {
    const jacobian = [
      [1, 0, 0.3],
      [-0.9, 0.4, 0],
      [0.1, -1, -0.5],
      [-0.5, -0.5, 1],
    ];
    const at = (step: number) => [...balanceJacobian(jacobian, gradVac(), undefined, balancingContext({ tasks: 4, step })).weights].join();
    expect(at(2)).toBe(at(2));
    expect(new Set([0, 1, 2, 3, 4].map(at)).size).toBeGreaterThan(1);
  });
});
