import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignedMtl, balanceJacobian, balancingContext, config, imtl, imtlG } from '../src';
import { dot, type Matrix, norm } from './matrices';

const documented = [
  [-4, 1, 1],
  [6, 1, 1],
];

it.each([
  ['imtl-g', imtlG(), [0.0767, 1, 1]],
  ['imtl-g pseudo-inverse', imtlG({ solution: 'pseudo-inverse' }), [0.0767, 1, 1]],
  ['aligned-mtl', alignedMtl(), [0.2133, 0.9673, 0.9673]],
  ['config', config(), [0.1588, 2.0706, 2.0706]],
])('%s has the published value of TorchJD’s documentation example', (_, method, expected) => {
  for (const [k, value] of balanceJacobian(documented, method).update.entries()) expect(value).toBeCloseTo(expected[k]!, 4);
});

/** Well-conditioned rows: the identity with small changes, and rows scaled by up to 1e6. */
const independent: fc.Arbitrary<Matrix> = fc
  .record({
    size: fc.integer({ min: 2, max: 5 }),
    changes: fc.array(fc.double({ min: -0.3, max: 0.3, noNaN: true }), { minLength: 25, maxLength: 25 }),
    exponents: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 5, maxLength: 5 }),
  })
  .map(({ size, changes, exponents }) =>
    Array.from({ length: size }, (_, i) =>
      Array.from({ length: size + 1 }, (_, k) => ((i === k ? 1 : 0) + changes[(5 * i + k) % 25]! / size) * 10 ** exponents[i]!),
    ),
  );

const projections = (jacobian: Matrix, update: ArrayLike<number>) => jacobian.map((row) => dot(row, update) / norm(row));
const column = (row: number[]) => row.map((_, k) => k);

describe('imtl-g', () => {
  it('has equal projections on all unit gradients, and weights with sum 1', () =>
    fc.assert(
      fc.property(independent, (jacobian) => {
        const { weights, update } = balanceJacobian(jacobian, imtlG());
        const [first, ...others] = projections(jacobian, update) as [number, ...number[]];
        const size = jacobian.reduce((sum, row, i) => sum + Math.abs(weights[i]!) * norm(row), 0);
        for (const value of others) expect(Math.abs(value - first)).toBeLessThan(1e-11 * size);
        expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      }),
      { numRuns: 200, seed: 3 },
    ));

  it('cancels opposite gradients; the pseudo-inverse does not', () => {
    const opposite = [
      [1.5, -2],
      [-3, 4],
    ];
    const [a, b] = balanceJacobian(opposite, imtlG()).weights;
    expect([a, b]).toEqual([expect.closeTo(2 / 3, 12), expect.closeTo(1 / 3, 12)]);
    expect(balanceJacobian(opposite, imtlG({ solution: 'pseudo-inverse' })).weights[0]).toBeCloseTo(-1, 12);
  });

  it('can go against every task: three gradients in one half-space, the short one between the others', () => {
    const jacobian = [
      [1, 0, 0],
      [0, 1, 0],
      [0.07, 0.07, 0.01],
    ];
    const { weights, update } = balanceJacobian(jacobian, imtlG());
    expect(Math.min(...weights)).toBeLessThan(0);
    for (const projection of projections(jacobian, update)) expect(projection).toBeLessThan(0);
  });

  it('takes duplicates, zero gradients and opposite duplicates', () => {
    const [a, b, c] = balanceJacobian(
      [
        [1, 0],
        [1, 0],
        [0, 2],
      ],
      imtlG(),
    ).weights;
    expect(a).toBeCloseTo(b!, 12);
    expect(a! + b!).toBeCloseTo(2 * c!, 12);
    const { update } = balanceJacobian([[1], [1], [-1]], imtlG());
    expect(Number.isFinite(update[0])).toBe(true);
    expect([...balanceJacobian([[0, 0]], imtlG()).weights]).toEqual([0]);
    expect([
      ...balanceJacobian(
        [
          [0, 0],
          [3, 4],
        ],
        imtlG(),
      ).weights,
    ]).toEqual([0, 1]);
  });

  it('takes a duplicate in float32 for one', () => {
    const gramian = Float64Array.from([1, Math.fround(0.9999999), 0.3, Math.fround(0.9999999), 1, 0.3, 0.3, 0.3, 1]);
    const { weights } = imtlG().weigh(gramian, null, balancingContext({ tasks: 3 }));
    for (const weight of weights) expect(Math.abs(weight)).toBeLessThan(1);
  });
});

describe('imtl', () => {
  const jacobian = [
    [2, 0, 1],
    [0, 1, 0.5],
    [1, -1, 3],
  ];

  it('is imtl-g of the scaled losses, and draws the scales to 1/L', () => {
    const method = imtl({ learningRate: 0.5 });
    const losses = [4, 0.01, 1];
    let state = method.init(['a', 'b', 'c']);
    for (let step = 0; step < 3; step++) {
      const scales = [...state.logScales].map(Math.exp);
      const got = balanceJacobian(jacobian, method, state, balancingContext({ tasks: 3, losses, step }));
      const scaled = balanceJacobian(
        jacobian.map((row, i) => row.map((value) => value * scales[i]!)),
        imtlG(),
      );
      for (const k of column(jacobian[0]!)) expect(got.update[k]).toBeCloseTo(scaled.update[k]!, 10);
      for (const [i, s] of got.state.logScales.entries())
        expect(s).toBeCloseTo(state.logScales[i]! - 0.5 * (scales[i]! * losses[i]! - 1), 12);
      state = got.state;
    }
    for (let step = 0; step < 200; step++)
      state = balanceJacobian(jacobian, method, state, balancingContext({ tasks: 3, losses, step })).state;
    for (const [i, s] of state.logScales.entries()) expect(Math.exp(s) * losses[i]!).toBeCloseTo(1, 6);
  });

  it('does not diverge: not with a loss of 1e15, not at any rate, not with a loss of 0 or NaN', () => {
    const method = imtl({ learningRate: 1e3 });
    let state = method.init(['a', 'b', 'c']);
    for (const losses of [
      [1e15, 1e-15, 0],
      [1e-15, 1e15, Number.POSITIVE_INFINITY],
      [1, 0, Number.NaN],
      [1e3, -1, 1],
    ]) {
      const got = balanceJacobian(jacobian, method, state, balancingContext({ tasks: 3, losses }));
      expect([...got.weights, ...got.state.logScales].every(Number.isFinite)).toBe(true);
      expect(Math.max(...got.state.logScales.map(Math.abs))).toBeLessThan(4 * 15 * Math.LN10 * 2);
      state = got.state;
    }
  });

  it('keeps the scale of an absent task', () => {
    const method = imtl();
    const context = balancingContext({ tasks: 3, losses: [5, Number.NaN, 2], present: [1, 0, 1] });
    const { weights, state } = balanceJacobian(jacobian, method, method.init(['a', 'b', 'c']), context);
    expect(weights[1]).toBe(0);
    expect([...state.logScales]).toEqual([-0.1 * 4, 0, -0.1 * 1]);
  });
});

describe('config', () => {
  it('has equal positive projections on independent unit gradients, and the length of the gradients along it', () =>
    fc.assert(
      fc.property(independent, (jacobian) => {
        const { weights, update } = balanceJacobian(jacobian, config());
        const [first, ...others] = projections(jacobian, update) as [number, ...number[]];
        const size = jacobian.reduce((sum, row, i) => sum + Math.abs(weights[i]!) * norm(row), 0);
        expect(first).toBeGreaterThan(0);
        for (const value of others) expect(Math.abs(value - first)).toBeLessThan(1e-11 * size);
        const length = jacobian.reduce((sum, row) => sum + dot(row, update), 0) / norm(update);
        expect(Math.abs(length / norm(update) - 1)).toBeLessThan(1e-10);
      }),
      { numRuns: 200, seed: 4 },
    ));

  it('has the proportions asked for, by place or by name', () => {
    const jacobian = [
      [1, 2, 0],
      [-1, 1, 3],
    ];
    const { update } = balanceJacobian(jacobian, config({ preference: [3, 1] }));
    const [a, b] = projections(jacobian, update) as [number, number];
    expect(a / b).toBeCloseTo(3, 10);
    expect(balanceJacobian(jacobian, config({ preference: { 1: 1, 0: 3 } })).update).toEqual(update);
    expect(() => balanceJacobian(jacobian, config({ preference: { other: 1 } }))).toThrowError(
      expect.objectContaining({ code: 'bad_option' }) as never,
    );
  });

  it('has weights 0 where the direction vanishes', () => {
    expect([...balanceJacobian([[1], [-2]], config()).weights]).toEqual([0, 0]);
  });
});

describe('aligned-mtl', () => {
  it('combines orthogonal rows of the length of the smallest singular value', () =>
    fc.assert(
      fc.property(independent, (jacobian) => {
        // The i-th aligned row is the update for the i-th unit preference.
        const rows = jacobian.map((_, i) => {
          const preference = jacobian.map((__, j) => (i === j ? 1 : 0));
          return [...balanceJacobian(jacobian, alignedMtl({ preference, tolerance: 1e-14 })).update];
        });
        const square = dot(rows[0]!, rows[0]!);
        for (const [i, a] of rows.entries())
          for (const [j, b] of rows.entries()) expect(Math.abs(dot(a, b) / square - (i === j ? 1 : 0))).toBeLessThan(1e-5);
        // The shortest gradient is no shorter than the smallest singular value.
        expect(Math.sqrt(square)).toBeLessThanOrEqual(Math.min(...jacobian.map(norm)) * (1 + 1e-9));
      }),
      { numRuns: 100, seed: 5 },
    ));

  it('leaves orthogonal gradients of one length as they are, and shortens by the mode', () => {
    const orthogonal = [
      [0, 2, 0],
      [2, 0, 0],
      [0, 0, 2],
    ];
    expect([...balanceJacobian(orthogonal, alignedMtl({ preference: [1, 1, 1] })).weights]).toEqual([1, 1, 1]);
    const different = [
      [1, 0, 0],
      [0, 2, 0],
      [0, 0, 4],
    ];
    const lengths = (['min', 'median', 'rmse'] as const).map(
      (scale) => balanceJacobian(different, alignedMtl({ scale, preference: [1, 1, 1] })).update[0],
    );
    expect(lengths).toEqual([1, 2, Math.sqrt(7)]);
  });

  it('may oppose a task that two others outvote', () => {
    const jacobian = [
      [1, 0.2],
      [1, -0.2],
      [-0.1, 0.001],
    ];
    const { update } = balanceJacobian(jacobian, alignedMtl());
    expect(dot(jacobian[2]!, update)).toBeLessThan(0);
  });

  it('has the preference for weights where all gradients are zero', () => {
    const zero = [
      [0, 0],
      [0, 0],
    ];
    expect([...balanceJacobian(zero, alignedMtl()).weights]).toEqual([0.5, 0.5]);
  });
});
