import { hostRandom, hostRowsOf } from '@taskloom/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, cagrad, dualProj, mean, mgda, rgw, upgrad } from '../src';
import { projector } from '../src/cone-projection';
import { minNormPoint } from '../src/min-norm-point';
import { dot, jacobians, type Matrix, norm } from './matrices';
import { coneResidual, problem, simplexResidual } from './quadratic-problems';

const documented = [
  [-4, 1, 1],
  [6, 1, 1],
];
const exact = { regEps: 0, normEps: 0 };
const meanOf = (jacobian: Matrix) => jacobian[0]!.map((_, k) => jacobian.reduce((sum, row) => sum + row[k]!, 0) / jacobian.length);
const gaussian = (seed: number, tasks: number, width: number): Matrix =>
  Array.from({ length: tasks }, (_, i) => Array.from(hostRandom(seed).fold(i).normal(width)));

describe('the quadratic programs', () => {
  // bench/solvers.ts does 10,000.
  it('satisfy the conditions of optimality to 1e-9 in 1,000 random, degenerate and badly scaled problems', () => {
    let simplex = 0;
    let cone = 0;
    for (let index = 0; index < 1000; index++) {
      const one = problem(index);
      simplex = Math.max(simplex, simplexResidual(one, minNormPoint(hostRowsOf(one.gramian, one.count))));
      cone = Math.max(cone, coneResidual(one, projector(hostRowsOf(one.gramian, one.count))(one.u)));
    }
    expect(simplex).toBeLessThan(1e-9);
    expect(cone).toBeLessThan(1e-9);
  }, 60_000);

  // Of the first two some combinations vanish, which pivots tell only if what is left of them keeps its digits. The last is Pareto stationary by 364 of its rows, whose Gramian tells
  // that only up to the root of the rounding errors.
  it.each([
    [3826, 123],
    [4881, 118],
    [299 * 11, 512],
    [899 * 11 + 6, 512],
  ])(
    'number %i of %i tasks too',
    (index, tasks) => {
      const one = problem(index);
      expect(one.count).toBe(tasks);
      expect(simplexResidual(one, minNormPoint(hostRowsOf(one.gramian, one.count)))).toBeLessThan(1e-11);
      expect(coneResidual(one, projector(hostRowsOf(one.gramian, one.count))(one.u))).toBeLessThan(1e-11);
    },
    60_000,
  );
});

describe.each([
  ['upgrad', upgrad, [0.2929, 1.9004, 1.9004]],
  ['dualProj', dualProj, [0.5563, 1.1109, 1.1109]],
] as const)('%s', (_, make, published) => {
  it('has TorchJD’s documented value', () => {
    for (const [k, value] of balanceJacobian(documented, make()).update.entries()) expect(value).toBeCloseTo(published[k]!, 4);
  });

  it('is the mean, or the preferred combination, where gradients do not conflict', () => {
    const jacobian = [
      [1, 2, 0],
      [0, 3, 0.5],
      [2, 0, 0],
    ];
    expect([...balanceJacobian(jacobian, make()).weights]).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect([...balanceJacobian(jacobian, make({ preference: [1, 0, 4] })).weights]).toEqual([1, 0, 4]);
    expect([...balanceJacobian(jacobian, make({ preference: { 0: 1, 1: 0, 2: 4 } })).weights]).toEqual([1, 0, 4]);
    const context = balancingContext({ tasks: 3, present: [1, 0, 1] });
    expect([...balanceJacobian(jacobian, make({ preference: [1, 5, 4] }), null, context).weights]).toEqual([1, 0, 4]);
  });

  it('asks for a preference of each task', () =>
    expect(() => balanceJacobian(documented, make({ preference: [1] }))).toThrowError(
      expect.objectContaining({ code: 'bad_option' }) as never,
    ));

  it('goes against no task by more than regularisation allows', () =>
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        const trace = jacobian.reduce((sum, row) => sum + dot(row, row), 0);
        const { weights, update } = balanceJacobian(jacobian, make());
        if (trace < 1e-4) expect([...update]).toEqual([...balanceJacobian(jacobian, mean()).update]);
        else
          for (const [i, row] of jacobian.entries())
            expect(dot(row, update)).toBeGreaterThanOrEqual(-1e-4 * trace * weights[i]! - 1e-9 * trace * Math.max(...weights));
      }),
      { numRuns: 300, seed: 17 },
    ));
});

it('dualProj is the nearest to the mean of all that conflict with no task', () => {
  for (let seed = 0; seed < 40; seed++) {
    const jacobian = gaussian(seed, 2 + (seed % 5), 4);
    const { update } = balanceJacobian(jacobian, dualProj(exact));
    const middle = meanOf(jacobian);
    const distance = (d: ArrayLike<number>) => norm(middle.map((value, k) => value - d[k]!));
    // Dykstra's alternating projections onto the half-spaces converge to the nearest point.
    let d = [...middle];
    const corrections = jacobian.map((row) => row.map(() => 0));
    for (let round = 0; round < 2_000; round++) {
      for (const [i, row] of jacobian.entries()) {
        const from = d.map((value, k) => value + corrections[i]![k]!);
        const inner = Math.min(0, dot(from, row)) / dot(row, row);
        d = from.map((value, k) => value - inner * row[k]!);
        corrections[i] = from.map((value, k) => value - d[k]!);
      }
    }
    expect(Math.abs(distance(update) - distance(d))).toBeLessThan(1e-3 * norm(middle));
    for (const row of jacobian) expect(dot(row, update)).toBeGreaterThan(-1e-12);
  }
});

it('upgrad is the mean of the gradients’ own projections', () => {
  for (let seed = 0; seed < 20; seed++) {
    const jacobian = gaussian(seed, 4, 6);
    const alone = jacobian.map((_, i) =>
      balanceJacobian(jacobian, dualProj({ ...exact, preference: jacobian.map((__, j) => (i === j ? 0.25 : 0)) })),
    );
    const { update } = balanceJacobian(jacobian, upgrad(exact));
    for (const [k, value] of update.entries())
      expect(value).toBeCloseTo(
        alone.reduce((sum, one) => sum + one.update[k]!, 0),
        12,
      );
  }
});

describe('cagrad', () => {
  it('lowers the worst-off task more than any other direction of the ball, by the dual value', () =>
    fc.assert(
      fc.property(jacobians, fc.constantFrom(0.1, 0.4, 0.9, 1.5), (jacobian, c) => {
        const { update, weights } = balanceJacobian(jacobian, cagrad({ c, rescale: 0, normEps: 0 }));
        const middle = meanOf(jacobian);
        const radius = c * norm(middle);
        const size = Math.max(...jacobian.map(norm)) ** 2;
        expect(norm(update.map((value, k) => value - middle[k]!))).toBeLessThanOrEqual(radius * (1 + 1e-6) + 1e-9 * Math.sqrt(size));
        const worst = Math.min(...jacobian.map((row) => dot(row, update)));
        // Weak duality: no d of the ball does better than g_w·g₀ + c‖g₀‖‖g_w‖, whatever w is. Take the best of many w.
        let bound = Number.POSITIVE_INFINITY;
        const weigh = (w: readonly number[]) => {
          const combined = middle.map((_, k) => w.reduce((sum, weight, i) => sum + weight * jacobian[i]![k]!, 0));
          bound = Math.min(bound, dot(combined, middle) + radius * norm(combined));
        };
        for (let draw = 0; draw < 200; draw++) {
          const draws = hostRandom(draw)
            .uniform(jacobian.length)
            .map((value) => -Math.log(value + 1e-9));
          const total = draws.reduce((a, b) => a + b);
          weigh(Array.from(draws, (value) => value / total));
        }
        for (const [i] of jacobian.entries()) weigh(jacobian.map((_, j) => (i === j ? 1 : 0)));
        expect(worst).toBeLessThanOrEqual(bound + 1e-9 * size);
        // Strong duality: on the ball's surface the w that the update itself stands for has the same value; inside no direction helps all.
        if (norm(update.map((value, k) => value - middle[k]!)) < 0.999 * radius) expect(worst).toBeGreaterThanOrEqual(-1e-5 * size);
        else {
          const extra = Array.from(weights, (weight) => Math.max(0, weight - 1 / jacobian.length));
          const sum = extra.reduce((a, b) => a + b, 0);
          bound = Number.POSITIVE_INFINITY;
          weigh(extra.map((value) => value / sum));
          if (sum > 1e-6 && sum < 1e6) expect(worst).toBeGreaterThanOrEqual(bound - 1e-6 * size);
        }
      }),
      { numRuns: 500, seed: 23 },
    ));

  it('is the mean for c = 0, and goes towards MGDA for a large c', () => {
    const jacobian = gaussian(1, 4, 9);
    expect([...balanceJacobian(jacobian, cagrad({ c: 0 })).weights]).toEqual([0.25, 0.25, 0.25, 0.25]);
    const far = balanceJacobian(jacobian, cagrad({ c: 1e4, rescale: 0 })).update;
    const { update } = balanceJacobian(jacobian, mgda());
    expect(dot(far, update) / norm(far) / norm(update)).toBeCloseTo(1, 6);
  });

  it('goes against no task at a Pareto stationary point where the ball has such a direction', () => {
    // A row is nearly opposite to another, and more than one combination vanishes.
    const jacobian = [
      [8.999999999999991, 9, 0, 6, 0, 0],
      [0, -6, 0, 0, 0, 0],
      [-8.999999999999993, -6, 0, 2, 9, -3],
      [0, 3, 0, 0, 0, 0],
      [-17.999999999999982, -18, 0, -12, 0, 0],
    ];
    const { update } = balanceJacobian(jacobian, cagrad({ c: 1, rescale: 0, normEps: 0 }));
    for (const row of jacobian) expect(dot(row, update)).toBeGreaterThan(-1e-12 * norm(row));
    // For c ≥ 1 the ball reaches 0, whatever rounding says.
    const alone = [
      [0, 0, 3],
      [0, 0, 0],
      [0, 0, 0.006374500840780025],
      [0, 0, 3],
      [0, 0, -6],
    ];
    const stopped = balanceJacobian(alone, cagrad({ c: 1, rescale: 0, normEps: 0 }));
    expect(norm(stopped.update)).toBeLessThan(1e-12);
    expect(Math.max(...stopped.weights.map(Math.abs))).toBeLessThan(1e3);
  });

  it('rescales by 1, 1 + c² or 1 + c', () => {
    const jacobian = gaussian(2, 3, 5);
    const [none, square, linear] = ([0, 1, 2] as const).map((rescale) => balanceJacobian(jacobian, cagrad({ c: 0.5, rescale })).update[0]!);
    expect(none! / square!).toBeCloseTo(1.25, 12);
    expect(none! / linear!).toBeCloseTo(1.5, 12);
  });

  it('lowers the mean at a Pareto stationary point for c < 1, and stops there for c ≥ 1', () => {
    const jacobian = [
      [1, 0],
      [-2, 0],
    ];
    for (const normEps of [0, 1e-4]) {
      expect(balanceJacobian(jacobian, cagrad({ c: 0.4, rescale: 0, normEps })).update[0]!).toBeCloseTo(-0.5 * 0.6, 12);
      expect(norm(balanceJacobian(jacobian, cagrad({ c: 2, normEps })).update)).toBeLessThan(1e-12);
    }
  });
});

describe('mgda by the published iteration', () => {
  const published = { solver: 'projected-gradient', clamp: 0.001 } as const;
  it('never leaves one of two tasks out', () => {
    const jacobian = [
      [1, 0],
      [3, 0],
    ];
    expect([...balanceJacobian(jacobian, mgda(published)).weights]).toEqual([0.999, 1 - 0.999]);
    expect([...balanceJacobian(jacobian, mgda({ solver: 'projected-gradient' })).weights]).toEqual([1, 0]);
  });

  it('may stop far from the shortest combination, but not beyond the shortest of two gradients', () => {
    for (let seed = 0; seed < 30; seed++) {
      const jacobian = gaussian(seed, 3 + (seed % 6), 12);
      const { update, weights } = balanceJacobian(jacobian, mgda(published));
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
      const least = norm(balanceJacobian(jacobian, mgda()).update);
      expect(norm(update)).toBeGreaterThanOrEqual(least * (1 - 1e-12));
      const pairs = jacobian.flatMap((a, i) => jacobian.slice(0, i).map((b) => norm(balanceJacobian([a, b], mgda(published)).update)));
      expect(norm(update)).toBeLessThanOrEqual(Math.min(...pairs) * (1 + 1e-9));
    }
  });
});

it('rgw draws anew in each step, and the same in the same', () => {
  const at = (step: number) => [...balanceJacobian(gaussian(0, 3, 3), rgw(), null, balancingContext({ tasks: 3, step })).weights].join();
  expect(at(2)).toBe(at(2));
  expect(at(2)).not.toBe(at(3));
});
