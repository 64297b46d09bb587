import { describe, expect, it } from 'vitest';
import { alignedMtl, balanceJacobian, cagrad, config, dualProj, gradVac, imtlG, mean, mgda, nashMtl, pcgrad, upgrad } from '../src';
import { dot, type Matrix, norm } from './matrices';
import type { Method } from './promises';

/**
 * What methods do not promise, shown by a Jacobian each: the crosses of the table of properties in P. Quinton, V. Rey 2024 (arXiv 2406.16232) for non-conflict and
 * linearity under scaling, and what others lack besides.
 */
const update = (jacobian: Matrix, method: Method) => balanceJacobian(jacobian, method).update;
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) => dot(a, b) / norm(a) / norm(b);
const inTurn = { permutations: [0, 1, 2].map(() => [0, 1, 2]) };
const exact = { regEps: 0, normEps: 0 };

interface Conflict {
  readonly name: string;
  readonly make: () => Method;
  readonly jacobian: Matrix;
  /** The task that the update opposes, and the cosine between them. */
  readonly task: number;
  readonly at: number;
}

const outvoted = [
  [0.5, -3],
  [0.5, -3],
  [0.5, 3],
];
const surgery = [
  [1, 0, 1.5],
  [-0.5, 0, -0.5],
  [0, 1, -1],
];
/** Each has a direction that lowers all losses, which the update is not. */
const conflicts: readonly Conflict[] = [
  { name: 'mean', make: () => mean(), jacobian: outvoted, task: 2, at: -0.81 },
  { name: 'cagrad with c < 1', make: () => cagrad(), jacobian: outvoted, task: 2, at: -0.57 },
  { name: 'pcgrad of three', make: () => pcgrad(inTurn), jacobian: surgery, task: 0, at: -0.146 },
  { name: 'grad-vac of three', make: () => gradVac(inTurn), jacobian: surgery, task: 0, at: -0.146 },
  {
    name: 'aligned-mtl',
    make: () => alignedMtl(),
    jacobian: [
      [1, 3],
      [0, 3],
      [0.5, -1],
    ],
    task: 2,
    at: -0.34,
  },
  {
    name: 'imtl-g',
    make: () => imtlG(),
    jacobian: [
      [0, 0.5, 0.5],
      [0.5, 2, 2],
      [-0.5, 3, 0.5],
    ],
    task: 0,
    at: -0.935,
  },
  {
    name: 'config of dependent gradients',
    make: () => config(),
    jacobian: [
      [-2, 3, 1],
      [0.5, -2, 0],
      [-3, -0.5, -2],
      [2, -3, -3],
    ],
    task: 0,
    at: -0.109,
  },
];

describe('an update that goes against a task, though there is one that goes against none', () => {
  it.each(conflicts)('$name', ({ make, jacobian, task, at }) => {
    expect(cosine(jacobian[task]!, update(jacobian, make()))).toBeCloseTo(at, 2);
    const common = update(jacobian, mgda());
    for (const row of jacobian) expect(cosine(row, common)).toBeGreaterThan(0.04);
  });

  it('config goes on where nothing lowers all losses, against a task', () => {
    const jacobian = [
      [-0.5, 0.5],
      [2, -0.5],
      [0.5, -3],
    ];
    expect(norm(update(jacobian, mgda()))).toBeLessThan(1e-12);
    const [first] = jacobian.map((row) => dot(row, update(jacobian, config())));
    expect(first).toBeCloseTo(-2.389, 3);
  });
});

describe('an update that does not grow in proportion to a gradient', () => {
  /** ‖A(x + y) − A(x) − A(y)‖ / ‖A(x + y)‖ where the rows are scaled by x = (1, 1) and y = (3, 1). */
  const nonlinearity = (jacobian: Matrix, make: () => Method) => {
    const [x, y, sum] = [
      [1, 1],
      [3, 1],
      [4, 2],
    ].map((scales) =>
      update(
        jacobian.map((row, i) => row.map((value) => value * scales[i]!)),
        make(),
      ),
    ) as [Float64Array, Float64Array, Float64Array];
    return norm(sum.map((value, k) => value - x[k]! - y[k]!)) / norm(sum);
  };
  const opposed = [
    [1, 1],
    [-1, -3],
  ];

  it.each([
    [
      'mgda, which takes the shorter the more of it',
      () => mgda(),
      [
        [0, 3],
        [-3, 3],
      ],
    ],
    ['dual-proj, which projects the mean', () => dualProj(exact), opposed],
    [
      'nash-mtl, which sees no scale at all',
      () => nashMtl(),
      [
        [2, 0.5],
        [-1, 1],
      ],
    ],
    [
      'cagrad',
      () => cagrad(),
      [
        [0.5, 1],
        [-2, -2],
      ],
    ],
    [
      'aligned-mtl',
      () => alignedMtl(),
      [
        [-1, -1],
        [-2, 2],
      ],
    ],
  ] as const)('%s', (_, make, jacobian) => {
    expect(
      nonlinearity(
        jacobian.map((row) => [...row]),
        make,
      ),
    ).toBeGreaterThan(0.2);
  });

  it('but of upgrad and pcgrad it does', () => {
    for (const make of [() => upgrad(exact), () => pcgrad()]) expect(nonlinearity(opposed, make)).toBeLessThan(1e-12);
  });
});

describe('an update of zero though a loss could be lowered for nothing', () => {
  // Two tasks cancel each other, the third is at right angles to them: no w > 0 has Jᵀw = 0.
  const jacobian = [
    [1, 0],
    [-2, 0],
    [0, 1],
  ];

  it.each([
    ['mgda', () => mgda()],
    ['cagrad with c ≥ 1', () => cagrad({ c: 1 })],
    ['nash-mtl', () => nashMtl()],
  ] as const)('%s', (_, make) => {
    expect(norm(update(jacobian, make()))).toBeLessThan(1e-12);
    const gains = jacobian.map((row) => dot(row, update(jacobian, upgrad(exact))));
    expect(gains).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12), expect.closeTo(1 / 3, 12)]);
  });
});
