import { hostRandom } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import { descend } from '../../../examples/pareto/descend';
import { distanceToFront, fonseca, landscape, landscapeStarts, quadratics, zdt1 } from '../../../examples/pareto/problems';
import { alignedMtl, cagrad, famo, mean, mgda, nashMtl, pcgrad, upgrad } from '../src/index';

/** With Adam, as the CAGrad paper shows it; a greater rate than its 1e-3, so that it takes seconds. */
const ends = (
  method: Parameters<typeof descend>[2],
  starts: readonly (readonly number[])[] = landscapeStarts,
  rate = 0.005,
  steps = 7000,
) => starts.map((start) => descend(landscape, start, method, { steps, rate, points: 1 }).at(-1)!);
const reached = (points: readonly (readonly number[])[]) => points.map((x) => distanceToFront(landscape, landscape.losses(x)) < 0.03);

describe('the landscape of the CAGrad paper', () => {
  it('has the gradients that differences say', () => {
    for (const x of [...landscapeStarts, [1, 1], [-2, -3]]) {
      const rows = landscape.jacobian(x);
      for (const k of [0, 1]) {
        const moved = (by: number) => landscape.losses(x.map((value, i) => (i === k ? value + by : value)));
        const [above, below] = [moved(1e-6), moved(-1e-6)];
        for (const i of [0, 1] as const) expect(rows[i][k]).toBeCloseTo((above[i] - below[i]) / 2e-6, 6);
      }
    }
  });

  it('the mean gets stuck in the valleys from two of its starts', () => {
    expect(reached(ends(mean()))).toEqual([false, true, false]);
  });

  it('MGDA, PCGrad, Nash-MTL and Aligned-MTL reach the front from all three', () => {
    for (const method of [mgda(), pcgrad(), nashMtl(), alignedMtl()]) expect(reached(ends(method as never))).toEqual([true, true, true]);
  });

  it('where MGDA stops anywhere on the front, CAGrad and the mean go on to the minimum of the mean, x₁ = 0', () => {
    const start = [landscapeStarts[1]];
    const [fromMgda, fromCagrad, fromMean] = [mgda(), cagrad({ c: 0.5 }), mean()].map((method) => ends(method, start)[0]);
    expect(Math.abs(fromMgda![0]!)).toBeGreaterThan(5);
    expect(fromCagrad![0]).toBeCloseTo(0, 1);
    expect(fromMean![0]).toBeCloseTo(0, 1);
  });

  it('UPGrad crosses the valleys too, later where its Gramian is regularised', () => {
    const [first, , last] = landscapeStarts;
    expect(reached(ends(upgrad({ regEps: 0 }), [first]))).toEqual([true]);
    expect(reached(ends(upgrad(), [first]))).toEqual([false]);
    expect(reached(ends(upgrad(), [first, last], 0.005, 12_000))).toEqual([true, true]);
  });

  it('FAMO reaches the front from all three with γ = 0, which its authors take for it', () => {
    expect(reached(ends(famo({ gamma: 0, minLosses: [-20, -20] }) as never))).toEqual([true, true, true]);
  });

  // The losses hardly fall there, and γ keeps the logits next to 0.
  it('FAMO with its default γ is held up in the valleys, as the mean is', () => {
    expect(reached(ends(famo({ minLosses: [-20, -20] }) as never))).toEqual([false, true, false]);
  });

  it('CAGrad leaves the valleys that hold the mean, the first one late', () => {
    const [first, , last] = landscapeStarts;
    const [early, late] = [7000, 20_000].map((steps) => ends(cagrad({ c: 0.5 }), [first], 0.005, steps)[0]!);
    expect(reached([early!, late!])).toEqual([false, true]);
    expect(late![0]).toBeCloseTo(0, 1);
    expect(reached(ends(cagrad({ c: 0.5 }), [last], 0.005, 10_000))).toEqual([true]);
  });
});

describe('fronts of other shapes, by plain descent', () => {
  const far = (problem: Parameters<typeof descend>[0], start: readonly number[], method: Parameters<typeof descend>[2], rate: number) =>
    problem.losses(descend(problem, start, method, { steps: 3000, rate, adam: false, points: 1 }).at(-1)!);

  it('a concave front: the mean ends at an end of it, MGDA and Nash-MTL inside', () => {
    const problem = fonseca();
    const start = [0.4, -0.1, 0.05];
    for (const [method, inside] of [
      [mean(), false],
      [mgda(), true],
      [nashMtl(), true],
    ] as const) {
      const losses = far(problem, start, method as never, 0.05);
      expect(distanceToFront(problem, losses)).toBeLessThan(0.01);
      expect(Math.min(...losses) > 0.2).toBe(inside);
    }
  });

  it('quadratics of different scale: each reaches the front, PCGrad where it comes to it, the mean at its minimum', () => {
    const problem = quadratics();
    for (const method of [mean(), mgda(), pcgrad(), cagrad()]) {
      const [one, two] = [
        [2, 2],
        [-2, -1],
      ].map((start) => far(problem, start, method, 0.005));
      expect(Math.max(distanceToFront(problem, one!), distanceToFront(problem, two!))).toBeLessThan(0.02);
      if (method.name === 'mean') expect(one![0]).toBeCloseTo(two![0], 3);
      if (method.name === 'pcgrad') expect(Math.abs(one![0] - two![0])).toBeGreaterThan(0.1);
    }
  });

  describe('ZDT1 in ten dimensions', () => {
    const problem = zdt1();
    const ended = (method: Parameters<typeof descend>[2], steps = 5000) =>
      Array.from({ length: 4 }, (_, i) => {
        const start = Array.from(hostRandom('start').fold(problem.name).fold(i).uniform(10));
        const x = descend(problem, start, method, { steps, rate: 0.002, adam: false, points: 1 }).at(-1)!;
        return { first: x[0]!, distance: distanceToFront(problem, problem.losses(x)) };
      });

    it('the mean comes to its minimum on the front, x₁ = ¼', () => {
      for (const { first, distance } of ended(mean())) {
        expect(distance).toBeLessThan(0.01);
        expect(first).toBeCloseTo(0.25, 2);
      }
    });

    it('Nash-MTL comes to the end of the front', () => {
      for (const { first, distance } of ended(nashMtl() as never)) {
        expect(distance).toBeLessThan(0.01);
        expect(first).toBeCloseTo(1e-3, 5);
      }
    });

    // At the bound of x₁ the second gradient is long and nearly opposite to the first, and the shortest combination hardly has any of it.
    it('MGDA is held up at the bound of x₁, far from the front, and creeps to its end', () => {
      for (const { first, distance } of ended(mgda())) {
        expect(distance).toBeGreaterThan(0.5);
        expect(first).toBeCloseTo(1e-3, 5);
      }
      for (const { distance } of ended(mgda(), 10_000)) expect(distance).toBeLessThan(0.01);
    });
  });
});
