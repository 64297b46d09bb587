import { hostRandom, hostRowsOf } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, decodeState, encodeState, fairGrad, type NashMtlState, nashMtl } from '../src';
import { minNormPoint } from '../src/min-norm-point';
import { dot, drawn, type Matrix, norm } from './matrices';

/** Whether a convex combination of the unit rows is shorter than `length`. */
function stationary(jacobian: Matrix, length: number): boolean {
  const unit = jacobian.map((row) => row.map((value) => value / norm(row)));
  const gramian = Float64Array.from(unit.flatMap((a) => unit.map((b) => dot(a, b))));
  const weights = minNormPoint(hostRowsOf(gramian, unit.length));
  return norm(unit[0]!.map((_, k) => unit.reduce((sum, row, i) => sum + weights[i]! * row[k]!, 0))) < length;
}

/** The greatest |gᵢ·update − wᵢ^(−β)| relative to the terms of gᵢ·update. */
function residual(jacobian: Matrix, weights: Float64Array, update: Float64Array, exponent: number): number {
  const size = jacobian.reduce((sum, row, i) => sum + weights[i]! * norm(row), 0);
  return Math.max(...jacobian.map((row, i) => Math.abs(dot(row, update) - weights[i]! ** -exponent) / (norm(row) * size)));
}

describe.each([
  ['nash-mtl', nashMtl({ maxNorm: 0 }), 1],
  ['fair-grad, α = 0.5', fairGrad({ alpha: 0.5 }), 2],
  ['fair-grad, α = 2', fairGrad({ alpha: 2 }), 0.5],
  ['fair-grad, α = 10', fairGrad({ alpha: 10 }), 0.1],
])('%s', (_, method, exponent) => {
  it.each([0, 24])('solves its equations, or has weights 0 where no direction helps all; scales %d decades apart', (decades) => {
    let solved = 0;
    let none = 0;
    for (let seed = 0; seed < 200; seed++) {
      const jacobian = drawn(seed, decades, true);
      const { weights, update } = balanceJacobian<unknown>(jacobian, method as never);
      if (weights.every((weight) => weight === 0)) {
        none++;
        expect(stationary(jacobian, 1e-6)).toBe(true);
      } else {
        solved++;
        expect(Math.min(...weights)).toBeGreaterThan(0);
        expect(residual(jacobian, weights, update, exponent)).toBeLessThan(1e-10);
      }
    }
    expect(solved).toBeGreaterThan(80);
    expect(none).toBeGreaterThan(5);
  });

  it('is the direction of greatest fair utility: no other of its length has more', () => {
    const alpha = 1 / exponent;
    const utility = (jacobian: Matrix, d: ArrayLike<number>) =>
      jacobian.reduce((sum, row) => {
        const gain = dot(row, d);
        return sum + (gain <= 0 ? Number.NEGATIVE_INFINITY : alpha === 1 ? Math.log(gain) : gain ** (1 - alpha) / (1 - alpha));
      }, 0);
    for (let seed = 0; seed < 100; seed++) {
      const jacobian = Array.from({ length: 3 }, (_, i) => Array.from(hostRandom(seed).fold(i).normal(4), (value) => value + 0.8));
      const { update } = balanceJacobian<unknown>(jacobian, method as never);
      const best = utility(jacobian, update);
      for (const step of [0.3, 0.01])
        for (let k = 0; k < 20; k++) {
          const noise = hostRandom(seed).fold(`${step} ${k}`).normal(4);
          const moved = [...update].map((value, q) => value + step * norm(update) * noise[q]!);
          const other = moved.map((value) => (value * norm(update)) / norm(moved));
          expect(utility(jacobian, other)).toBeLessThanOrEqual(best + 1e-9 * Math.abs(best));
        }
    }
  });
});

describe('nash-mtl', () => {
  const jacobian = [
    [3, 1, 0],
    [-1, 2, 0.5],
    [0.2, 0.1, 4],
  ];
  const products = Float64Array.from(jacobian.flatMap((a) => jacobian.map((b) => dot(a, b))));

  it('does not care for the scale of a gradient, and limits the update’s norm, which is √T without a limit', () => {
    const plain = balanceJacobian(jacobian, nashMtl({ maxNorm: 0 }));
    expect(norm(plain.update)).toBeCloseTo(Math.sqrt(3), 12);
    for (const factor of [1e-12, 1e12]) {
      const scaled = balanceJacobian([jacobian[0]!.map((value) => value * factor), ...jacobian.slice(1)], nashMtl({ maxNorm: 0 }));
      for (const [k, value] of scaled.update.entries()) expect(value).toBeCloseTo(plain.update[k]!, 10);
      // Tiny weights are right where gradients are large.
      expect((scaled.weights[0]! * factor) / plain.weights[0]!).toBeCloseTo(1, 10);
    }
    expect(norm(balanceJacobian(jacobian, nashMtl()).update)).toBeCloseTo(1, 12);
    expect(norm(balanceJacobian(jacobian, nashMtl({ maxNorm: 5 })).update)).toBeCloseTo(Math.sqrt(3), 12);
  });

  it('leaves a task on its own as it is, up to the norm limit', () => {
    expect([...balanceJacobian([[0.3, -0.4]], nashMtl()).weights]).toEqual([1]);
    expect(norm(balanceJacobian([[30, -40]], nashMtl()).update)).toBeCloseTo(1, 12);
    expect([...balanceJacobian([[30, -40]], nashMtl({ maxNorm: 0 })).weights]).toEqual([1]);
    expect([...balanceJacobian([[0, 0]], nashMtl()).update]).toEqual([0, 0]);
  });

  it('gives a zero gradient weight 0, and all where no direction helps all', () => {
    const { weights } = balanceJacobian([jacobian[0]!, [0, 0, 0], jacobian[1]!], nashMtl({ maxNorm: 0 }));
    const without = balanceJacobian([jacobian[0]!, jacobian[1]!], nashMtl({ maxNorm: 0 })).weights;
    expect([...weights]).toEqual([without[0], 0, without[1]]);
    const opposite = [
      [1, -2],
      [-3, 6],
    ];
    expect([...balanceJacobian(opposite, nashMtl()).weights]).toEqual([0, 0]);
  });

  it('keeps its weights for `updateEvery` steps, and computes them when a task is present that has none', () => {
    const method = nashMtl({ maxNorm: 0, updateEvery: 3 });
    const at = (factor: number, state?: NashMtlState, present?: number[]) =>
      method.weigh(
        products.map((value, k) => value * (k === 0 ? factor : 1)),
        state ?? method.init(['a', 'b', 'c']),
        balancingContext({ tasks: 3, present }),
      );
    const first = at(1);
    const second = at(2, first.state);
    const third = at(3, second.state);
    const fourth = at(4, third.state);
    expect(second.weights).toEqual(first.weights);
    expect(third.weights).toEqual(first.weights);
    expect(fourth.weights).toEqual(at(4).weights);
    expect(fourth.weights).not.toEqual(first.weights);

    const absent = at(1, undefined, [1, 1, 0]);
    expect(absent.weights[2]).toBe(0);
    expect([...at(1, absent.state, [1, 0, 0]).weights]).toEqual([absent.weights[0], 0, 0]);
    expect(at(1, absent.state).weights).toEqual(first.weights);

    const saved = decodeState(JSON.parse(JSON.stringify(encodeState(second.state)))) as NashMtlState;
    expect(at(3, saved)).toEqual(third);
  });

  it('tries again in the next step where there was no bargain', () => {
    const method = nashMtl({ updateEvery: 10 });
    const state = balanceJacobian(
      [
        [1, 0],
        [-1, 0],
      ],
      method,
    ).state;
    const { weights } = balanceJacobian(
      [
        [1, 0],
        [0, 1],
      ],
      method,
      state,
    );
    expect(weights[0]).toBeCloseTo(Math.SQRT1_2, 12);
  });

  it('refuses options that make no sense', () => {
    const refused = expect.objectContaining({ code: 'bad_option' }) as never;
    expect(() => nashMtl({ updateEvery: 0 })).toThrowError(refused);
    expect(() => nashMtl({ maxNorm: Number.NaN })).toThrowError(refused);
    expect(() => fairGrad({ alpha: 0 })).toThrowError(refused);
  });

  it('solves 64 tasks', () => {
    const rows = Array.from({ length: 64 }, (_, i) => Array.from(hostRandom(i).normal(100), (value) => value + 0.1));
    const { weights, update } = balanceJacobian(rows, nashMtl({ maxNorm: 0 }));
    expect(residual(rows, weights, update, 1)).toBeLessThan(1e-12);
  });
});

describe('fair-grad', () => {
  it('leans the more to the task that gains least the greater α is', () => {
    const jacobian = [
      [4, 1],
      [-1, 0.5],
    ];
    const shares = [1, 2, 10].map((alpha) => {
      const { update } = balanceJacobian(jacobian, fairGrad({ alpha }));
      return dot(jacobian[1]!, update) / norm(update);
    });
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[2]! - shares[0]!).toBeGreaterThan(0.01);
  });
});
