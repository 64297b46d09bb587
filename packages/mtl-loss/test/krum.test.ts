import { hostRandom } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, krum } from '../src';

describe('krum', () => {
  const honest = Array.from({ length: 6 }, (_, i) => Array.from(hostRandom(i).normal(5), (value) => 1 + 0.2 * value));

  it('never selects an outlier, however large or small', () => {
    for (const scale of [-1e12, -10, 1e12])
      for (const selected of [1, 3]) {
        const jacobian = [...honest.slice(0, 2), [scale, 0, 1, scale, 0], ...honest.slice(2)];
        const { weights } = balanceJacobian(jacobian, krum({ byzantine: 1, selected }));
        expect(weights[2]).toBe(0);
        expect([...weights].filter((weight) => weight > 0)).toEqual(Array(selected).fill(1 / selected));
      }
  });

  it('selects by the sum of distances to the nearest neighbours', () => {
    const at = [0, 1, 1.5, 4, 10];
    // Two nearest neighbours each: 2.5, 1.5, 2, 5.5, 14.5.
    const { weights } = balanceJacobian(
      at.map((x) => [x, 3]),
      krum({ byzantine: 1, selected: 2 }),
    );
    expect([...weights]).toEqual([0, 0.5, 0.5, 0, 0]);
  });

  it('does with fewer tasks than it is meant for', () => {
    expect([...balanceJacobian([[1, 2]], krum({ selected: 3 })).weights]).toEqual([1]);
    const context = balancingContext({ tasks: 3, present: [1, 0, 1] });
    expect([...balanceJacobian([[1], [5], [1]], krum({ selected: 3 }), null, context).weights]).toEqual([0.5, 0, 0.5]);
  });

  it('refuses numbers of tasks that are none', () => {
    for (const options of [{ byzantine: -1 }, { selected: 0 }, { selected: 1.5 }])
      expect(() => krum(options)).toThrowError(expect.objectContaining({ code: 'bad_option' }) as never);
  });
});
