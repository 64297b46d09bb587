import type { GradientBalancer } from '@taskloom/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, mean, mgda, pcgrad } from '../src';
import { dot, jacobians, type Matrix, norm } from './matrices';

interface Promises {
  readonly name: string;
  readonly make: (order?: readonly number[][]) => GradientBalancer<null>;
  /** The most tasks for which no gᵢ·update is negative. */
  readonly nonConflicting?: number;
  readonly convex?: boolean;
  /** Weights do not change when all gradients are multiplied by one number. */
  readonly scaleFree: boolean;
}

const methods: readonly Promises[] = [
  { name: 'mean', make: () => mean(), convex: true, scaleFree: true },
  { name: 'pcgrad', make: (permutations) => pcgrad({ permutations }), nonConflicting: 2, scaleFree: true },
  { name: 'mgda', make: () => mgda(), nonConflicting: Number.POSITIVE_INFINITY, convex: true, scaleFree: true },
  { name: 'mgda l2', make: () => mgda({ normalization: 'l2' }), nonConflicting: Number.POSITIVE_INFINITY, scaleFree: false },
  { name: 'mgda frank-wolfe', make: () => mgda({ solver: 'frank-wolfe' }), convex: true, scaleFree: true },
];

const cyclic = (count: number) => Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, k) => (i + k) % count));
const options = { numRuns: 300, seed: 7 };

/** Σ |wₖ| ‖gₖ‖: what rounding errors of the update are relative to. */
const magnitude = (jacobian: Matrix, weights: Float64Array) => jacobian.reduce((sum, row, i) => sum + Math.abs(weights[i]!) * norm(row), 0);

for (const { name, make, nonConflicting = 0, convex, scaleFree } of methods) {
  describe(`${name} keeps its promises`, () => {
    it('weights and update are finite', () =>
      fc.assert(
        fc.property(jacobians, (jacobian) => {
          const { weights, update } = balanceJacobian(jacobian, make());
          expect(weights).toHaveLength(jacobian.length);
          expect([...weights, ...update].every(Number.isFinite)).toBe(true);
        }),
        options,
      ));

    it('is equivariant: other orders of the tasks give the same update', () =>
      fc.assert(
        fc.property(jacobians, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }), (jacobian, keys) => {
          const order = jacobian.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
          const given = cyclic(jacobian.length);
          const moved = order.map((i) => given[i]!.map((j) => order.indexOf(j)));
          const a = balanceJacobian(jacobian, make(given));
          const b = balanceJacobian(
            order.map((i) => jacobian[i]!),
            make(moved),
          );
          const size = Math.max(magnitude(jacobian, a.weights), 1e-300);
          // Frank–Wolfe breaks ties by position.
          if (name !== 'mgda frank-wolfe')
            for (const [k, value] of a.update.entries()) expect(Math.abs(value - b.update[k]!) / size).toBeLessThan(1e-6);
        }),
        options,
      ));

    it('absent tasks have weight 0, and the others what they have without them', () =>
      fc.assert(
        fc.property(jacobians, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (jacobian, present) => {
          const shown = jacobian.map((_, i) => i).filter((i) => present[i]);
          const context = balancingContext({ tasks: jacobian.length, present: jacobian.map((_, i) => (present[i] ? 1 : 0)) });
          const all = balanceJacobian(jacobian, make(), null, context).weights;
          expect([...all].filter((_, i) => !present[i]).every((weight) => weight === 0)).toBe(true);
          if (shown.length === 0) return;
          const alone = balanceJacobian(
            shown.map((i) => jacobian[i]!),
            make(),
          );
          expect(shown.map((i) => all[i]!)).toEqual([...alone.weights]);
        }),
        options,
      ));

    it('one task keeps its gradient', () =>
      fc.assert(
        fc.property(jacobians, (jacobian) => {
          if (name === 'mgda l2') return;
          expect([...balanceJacobian([jacobian[0]!], make()).weights]).toEqual([1]);
        }),
        options,
      ));

    it.runIf(convex)('weights are on the simplex', () =>
      fc.assert(
        fc.property(jacobians, (jacobian) => {
          const { weights } = balanceJacobian(jacobian, make());
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
          const { weights, update } = balanceJacobian(jacobian, make());
          for (const row of jacobian) expect(dot(row, update)).toBeGreaterThanOrEqual(-1e-9 * norm(row) * magnitude(jacobian, weights));
        }),
        options,
      ),
    );

    it.runIf(scaleFree)('weights do not depend on a common factor', () =>
      fc.assert(
        fc.property(jacobians, fc.integer({ min: -20, max: 20 }), (jacobian, exponent) => {
          const factor = 2 ** exponent;
          const scaled = jacobian.map((row) => row.map((value) => value * factor));
          expect([...balanceJacobian(scaled, make()).weights]).toEqual([...balanceJacobian(jacobian, make()).weights]);
        }),
        options,
      ),
    );
  });
}
