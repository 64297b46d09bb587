import { hostRandom, hostRowsOf } from '@taskloom/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, mean, mgda, pcgrad } from '../src';
import { minNormPoint } from '../src/min-norm-point';
import { dot, drawn, jacobians, norm } from './matrices';

const documented = [
  [-4, 1, 1],
  [6, 1, 1],
];

describe('published values', () => {
  it.each([
    ['mean', mean(), [1, 1, 1]],
    ['mgda', mgda(), [0, 1, 1]],
    ['pcgrad', pcgrad(), [0.5848, 3.8012, 3.8012]],
  ])('%s of TorchJD’s documentation example', (_, method, expected) => {
    for (const [k, value] of balanceJacobian(documented, method).update.entries()) expect(value).toBeCloseTo(expected[k]!, 4);
  });
});

describe('mgda', () => {
  it('satisfies the optimality conditions: gᵢ·x ≥ x·x for all, with equality where wᵢ > 0', () =>
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        const { weights, update } = balanceJacobian(jacobian, mgda());
        const square = dot(update, update);
        const rounding = 1e-9 * jacobian.reduce((sum, row, i) => sum + weights[i]! * norm(row), 0);
        for (const row of jacobian) expect(dot(row, update) - square).toBeGreaterThanOrEqual(-rounding * norm(row));
        for (const [i, row] of jacobian.entries())
          expect(weights[i]! * (dot(row, update) - square)).toBeLessThanOrEqual(rounding * norm(row));
      }),
      { numRuns: 2000, seed: 3 },
    ));

  it('satisfies them for up to 15 tasks of low rank, duplicates and scales 20 orders apart among them', () => {
    let worst = 0;
    for (let run = 0; run < 2000; run++) {
      const jacobian = drawn(run, run % 10 < 3 ? 20 : 0);
      const { weights, update } = balanceJacobian(jacobian, mgda());
      const size = jacobian.reduce((sum, row, i) => sum + weights[i]! * norm(row), 0);
      for (const row of jacobian) worst = Math.max(worst, (dot(update, update) - dot(row, update)) / (size * norm(row)));
    }
    expect(worst).toBeLessThan(1e-10);
  });

  it('is no longer than what Frank–Wolfe finds in 10,000 steps', () =>
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        const exact = norm(balanceJacobian(jacobian, mgda()).update);
        const found = norm(balanceJacobian(jacobian, mgda({ solver: 'frank-wolfe', epsilon: 0, iterations: 10_000 })).update);
        const size = Math.min(...jacobian.map(norm));
        expect(exact).toBeLessThanOrEqual(found + 1e-9 * size);
      }),
      { numRuns: 50, seed: 5 },
    ));

  it('finds 0 where a convex combination vanishes', () => {
    expect([
      ...balanceJacobian(
        [
          [1, 2],
          [-2, -4],
        ],
        mgda(),
      ).weights,
    ]).toEqual([2 / 3, 1 / 3]);
    expect(
      norm(
        balanceJacobian(
          [
            [1, 0],
            [-1, 1],
            [-1, -1],
          ],
          mgda(),
        ).update,
      ),
    ).toBeLessThan(1e-15);
    expect([
      ...balanceJacobian(
        [
          [3, 1],
          [0, 0],
          [0, 0],
        ],
        mgda(),
      ).weights,
    ]).toEqual([0, 0.5, 0.5]);
  });

  it('keeps rows 20 orders of magnitude apart in balance', () => {
    const { weights, update } = balanceJacobian(
      [
        [1e-10, 0],
        [-1e10, 1e10],
      ],
      mgda(),
    );
    expect(weights[1]!).toBeCloseTo(0.5e-20, 30);
    expect(dot(update, [-1e10, 1e10])).toBeGreaterThanOrEqual(0);
  });

  it('solves 64 tasks, also more tasks than parameters, with a small residual', () => {
    for (const width of [200, 64, 20]) {
      const draws = hostRandom(width).normal(64 * width);
      const jacobian = Array.from({ length: 64 }, (_, i) => Array.from(draws.subarray(i * width, (i + 1) * width), (value) => value + 0.2));
      const { update } = balanceJacobian(jacobian, mgda());
      const square = dot(update, update);
      for (const row of jacobian) expect(dot(row, update) - square).toBeGreaterThan(-1e-10);
    }
  });

  it('takes a float32 Gramian that is not quite positive semidefinite', () => {
    const gramian = Float64Array.from([1, 1.0000001, 1.0000001, 1]);
    expect(minNormPoint(hostRowsOf(gramian, 2)).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  it('reads losses where it normalises by them', () => {
    const context = balancingContext({ tasks: 2, losses: [2, 0.5] });
    const { weights } = balanceJacobian(
      [
        [2, 0],
        [0, 0.5],
      ],
      mgda({ normalization: 'loss' }),
      null,
      context,
    );
    expect([...weights]).toEqual([0.25, 1]);
    expect(mgda({ normalization: 'loss+' }).needs).toContain('losses');
  });

  it('names the task whose gradient is not finite, unless it is absent', () => {
    const gramian = Float64Array.from([1, Number.NaN, Number.NaN, Number.NaN]);
    const weigh = (present: number[]) => mgda().weigh(gramian, null, balancingContext({ tasks: ['topic', 'urgency'], present }));
    expect(() => weigh([1, 1])).toThrowError(
      expect.objectContaining({ code: 'not_finite', message: expect.stringContaining("'urgency'") }) as never,
    );
    expect([...weigh([1, 0]).weights]).toEqual([1, 0]);
  });
});

describe('pcgrad', () => {
  it('draws its order from the step’s numbers: same step same order, other steps other orders', () => {
    const jacobian = Array.from({ length: 6 }, (_, i) => Array.from(hostRandom(i).normal(4)));
    const at = (step: number) => [...balanceJacobian(jacobian, pcgrad(), null, balancingContext({ tasks: 6, step })).weights].join();
    expect(at(3)).toBe(at(3));
    expect(new Set([0, 1, 2, 3, 4].map(at)).size).toBeGreaterThan(1);
  });

  it('follows the paper’s algorithm on vectors', () =>
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        const permutations = jacobian
          .map((_, i) => jacobian.map((_, k) => (2 * i + 5 * k) % jacobian.length))
          .map((order) => [...new Set(order)]);
        const expected = jacobian[0]!.map(() => 0);
        for (const [i, row] of jacobian.entries()) {
          let g = [...row];
          for (const j of permutations[i]!) {
            const other = jacobian[j]!;
            const product = dot(g, other);
            if (j !== i && product < -1e-9 * norm(g) * norm(other))
              g = g.map((value, k) => value - (product / dot(other, other)) * other[k]!);
          }
          for (const [k, value] of g.entries()) expected[k] = expected[k]! + value;
        }
        const { update } = balanceJacobian(jacobian, pcgrad({ permutations }));
        const size = jacobian.reduce((sum, row) => sum + norm(row), 0);
        for (const [k, value] of update.entries()) expect(Math.abs(value - expected[k]!)).toBeLessThanOrEqual(1e-7 * size);
      }),
      { numRuns: 300, seed: 11 },
    ));
});
