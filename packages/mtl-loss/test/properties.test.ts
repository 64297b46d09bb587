import '@tensorflow/tfjs-backend-cpu';
import { hostRowsOf } from '@taskloom/core';
import { setBackend } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext } from '../src';
import { minNormPoint } from '../src/min-norm-point';
import { dot, jacobians, type Matrix, nearlyDegenerate, norm, notStronglyStationary, quadratics } from './matrices';
import { type Promises, promises } from './promises';

beforeAll(async () => void (await setBackend('cpu')));

const options = { numRuns: 300, seed: 7 };
const identity = (jacobian: Matrix) => jacobian.map((_, i) => i);

/** |wₖ| ‖gₖ‖ */
const partsOf = (jacobian: Matrix, weights: ArrayLike<number>) => jacobian.map((row, i) => Math.abs(weights[i]!) * norm(row));
/** Their sum: what rounding errors of the update are relative to. */
const magnitude = (jacobian: Matrix, weights: ArrayLike<number>) => partsOf(jacobian, weights).reduce((a, b) => a + b, 0);
const degenerate = fc.integer({ min: 1, max: 8 }).chain((exponent) => fc.constantFrom(...nearlyDegenerate(10 ** -exponent)));

describe.each(promises)('$name keeps its promises', ({ name, make, ...promised }: Promises) => {
  const balance = (jacobian: Matrix) => balanceJacobian(jacobian, make(identity(jacobian)));
  const { equivariant = true, presentOnly = true, nonConflicting = 0, unbounded } = promised;
  const { bound = (norms) => norms.reduce((a, b) => a + b, 0), parts = bound } = promised;

  it('weights and update are finite and bounded', () =>
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: jacobians }, { weight: 1, arbitrary: degenerate }), (jacobian) => {
        const { weights, update } = balance(jacobian);
        expect(weights).toHaveLength(jacobian.length);
        expect([...weights, ...update].every(Number.isFinite)).toBe(true);
        const norms = jacobian.map(norm);
        const rounding = 1e-9 * magnitude(jacobian, weights);
        if (unbounded !== 'update') expect(norm(update)).toBeLessThanOrEqual(bound(norms) * (1 + 1e-9) + rounding);
        if (!unbounded) expect(Math.max(...partsOf(jacobian, weights))).toBeLessThanOrEqual(parts(norms) * (1 + 1e-9));
      }),
      options,
    ));

  it.runIf(unbounded)('what it says has no bound grows as large as you like', () => {
    const largest = (epsilon: number) =>
      Math.max(
        ...nearlyDegenerate(epsilon).map((jacobian) => {
          const { weights, update } = balance(jacobian);
          return unbounded === 'update' ? norm(update) : Math.max(...partsOf(jacobian, weights));
        }),
      );
    // FairGrad's with α = 2 grows with the cube root. Much nearer than 1e-5 is taken for dependent.
    expect(largest(1e-3)).toBeGreaterThan(4 * largest(1e-1));
    expect(largest(1e-5)).toBeGreaterThan(4 * largest(1e-3));
  });

  it.runIf(equivariant)('is equivariant: other orders of the tasks give the same update', () =>
    fc.assert(
      fc.property(jacobians, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }), (jacobian, keys) => {
        const order = identity(jacobian).sort((a, b) => keys[a]! - keys[b]!);
        const a = balance(jacobian);
        const moved = order.map((i) => jacobian[i]!);
        const b = balanceJacobian(moved, make(order));
        const size = Math.max(magnitude(jacobian, a.weights), magnitude(moved, b.weights), 1e-300);
        for (const [k, value] of a.update.entries()) expect(Math.abs(value - b.update[k]!) / size).toBeLessThan(1e-6);
      }),
      options,
    ),
  );

  it.runIf(presentOnly)('absent tasks have weight 0, and the others what they have without them', () =>
    fc.assert(
      fc.property(jacobians, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (jacobian, present) => {
        const shown = identity(jacobian).filter((i) => present[i]);
        const context = balancingContext({ tasks: jacobian.length, present: jacobian.map((_, i) => (present[i] ? 1 : 0)) });
        const all = balanceJacobian(jacobian, make(identity(jacobian)), undefined, context);
        expect([...(all.weights ?? [])].filter((_, i) => !present[i]).every((weight) => weight === 0)).toBe(true);
        if (shown.length === 0) {
          expect([...all.update].every((value) => value === 0)).toBe(true);
          return;
        }
        const alone = balanceJacobian(
          shown.map((i) => jacobian[i]!),
          make(shown),
        );
        if (all.weights && alone.weights) expect(shown.map((i) => all.weights[i]!)).toEqual([...alone.weights]);
        else expect([...all.update]).toEqual([...alone.update]);
      }),
      options,
    ),
  );

  it.runIf(promised.alone !== undefined)('one task has the weight promised', () =>
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        const { weights, update } = balance([jacobian[0]!]);
        if (weights) expect([...weights]).toEqual([promised.alone]);
        expect([...update]).toEqual(jacobian[0]!.map((value) => promised.alone! * value + 0));
      }),
      options,
    ),
  );

  it.runIf(promised.convex)('weights are on the simplex', () =>
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        const { weights } = balance(jacobian);
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
        expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
      }),
      options,
    ),
  );

  it.runIf(nonConflicting > 0)('the update goes against no task', () =>
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        if (jacobian.length > nonConflicting) return;
        const { weights, update } = balance(jacobian);
        for (const row of jacobian) expect(dot(row, update)).toBeGreaterThanOrEqual(-1e-9 * norm(row) * magnitude(jacobian, weights));
      }),
      options,
    ),
  );

  it.runIf(promised.linearUnderScaling)('the update is linear in the scales of the rows', () =>
    fc.assert(
      fc.property(jacobians, scales, scales, (jacobian, a, b) => {
        const scaled = (c: readonly number[]) => jacobian.map((row, i) => row.map((value) => value * c[i]!));
        const both = a.map((value, i) => 2 * value + 3 * b[i]!);
        const [x, y, sum] = [a, b, both].map((c) => balance(scaled(c))) as [Balanced, Balanced, Balanced];
        const size = 2 * magnitude(scaled(a), x.weights) + 3 * magnitude(scaled(b), y.weights) + magnitude(scaled(both), sum.weights);
        for (const [k, value] of sum.update.entries())
          expect(Math.abs(value - 2 * x.update[k]! - 3 * y.update[k]!)).toBeLessThanOrEqual(1e-7 * size);
      }),
      options,
    ),
  );

  it.runIf(promised.stronglyStationary)('the update is zero only where the point is strongly stationary', () =>
    fc.assert(
      fc.property(notStronglyStationary, (jacobian) => {
        expect(norm(balance(jacobian).update)).toBeGreaterThan(1e-4);
      }),
      options,
    ),
  );

  it.runIf(promised.descends)('a small enough step lowers every loss', () =>
    fc.assert(
      fc.property(quadratics, ({ at, values, jacobian }) => {
        if (nearlyStationary(jacobian)) return;
        const before = values(at);
        const { update } = balance(jacobian);
        const lowers = (step: number) => values(at.map((x, k) => x - step * update[k]!)).every((value, i) => value < before[i]!);
        expect(Array.from({ length: 30 }, (_, k) => 2 ** (2 - k) / norm(update)).some(lowers)).toBe(true);
      }),
      options,
    ),
  );

  it.runIf(promised.scaleFree)('weights do not depend on a common factor', () =>
    fc.assert(
      fc.property(jacobians, fc.integer({ min: -20, max: 20 }), (jacobian, exponent) => {
        const scaled = jacobian.map((row) => row.map((value) => value * 2 ** exponent));
        expect([...balance(scaled).weights]).toEqual([...balance(jacobian).weights]);
      }),
      options,
    ),
  );
});

type Balanced = ReturnType<typeof balanceJacobian>;
const scales = fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 6, maxLength: 6 });

/** Whether a convex combination of the unit rows is shorter than 0.01, or a row is zero. */
function nearlyStationary(jacobian: Matrix): boolean {
  const norms = jacobian.map(norm);
  if (Math.min(...norms) < 1e-6) return true;
  const cosines = Float64Array.from(jacobian.flatMap((a, i) => jacobian.map((b, j) => dot(a, b) / norms[i]! / norms[j]!)));
  const weights = minNormPoint(hostRowsOf(cosines, jacobian.length));
  return (
    jacobian
      .flatMap((_, i) => jacobian.map((__, j) => weights[i]! * weights[j]! * cosines[i * jacobian.length + j]!))
      .reduce((a, b) => a + b) < 1e-4
  );
}
