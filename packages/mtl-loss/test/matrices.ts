import { hostRandom } from '@taskloom/core';
import fc from 'fast-check';

export type Matrix = number[][];

const entry = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -3, max: 3, noNaN: true }));
const list = <T>(of: fc.Arbitrary<T>, length: number) => fc.array(of, { minLength: length, maxLength: length });
const scale = fc.constantFrom(0, 1e-10, 1e3, 1e5, 1e10, 1e15);

/**
 * Jacobians of every rank, T from 1 to 6 and P from 1 to 6 (so also T > P), some with a zero row, a duplicate row, an opposite row, a common
 * scale of 0, 1e-10, 1e3, 1e5, 1e10 or 1e15, or row scales anywhere between 1e-10 and 1e10.
 */
export const jacobians: fc.Arbitrary<Matrix> = fc
  .record({
    rows: fc.oneof(
      fc.integer({ min: 1, max: 6 }).chain((columns) => fc.array(list(entry, columns), { minLength: 1, maxLength: 6 })),
      fc
        .record({ tasks: fc.integer({ min: 1, max: 6 }), columns: fc.integer({ min: 1, max: 6 }), rank: fc.integer({ min: 1, max: 3 }) })
        .chain(({ tasks, columns, rank }) =>
          fc.tuple(list(list(entry, rank), tasks), list(list(entry, columns), rank)).map(([left, right]) => product(left, right)),
        ),
    ),
    change: fc.constantFrom('none', 'none', 'zero', 'duplicate', 'opposite', 'row scales', 'scale', 'scale'),
    exponents: list(fc.integer({ min: -10, max: 10 }), 6),
    scale,
  })
  .map(({ rows, change, exponents, scale }) => {
    // Within a row, entries are 0 or comparable: the scales to be tested are between rows.
    const clean = rows.map((row) => row.map((value) => (Math.abs(value) < 1e-6 ? 0 : value)));
    const first = clean[0]!;
    if (change === 'zero') return [first.map(() => 0), ...clean.slice(1)];
    if (change === 'duplicate') return [...clean.slice(0, 5), first];
    if (change === 'opposite') return [...clean.slice(0, 5), first.map((value) => -2 * value)];
    if (change === 'row scales') return clean.map((row, i) => row.map((value) => value * 10 ** exponents[i]!));
    if (change === 'scale') return clean.map((row) => row.map((value) => value * scale));
    return clean;
  });

/**
 * Gradients of a usual length that are within `epsilon` of what makes a weight infinite: two that cancel each other but for the smallest part, beside a third
 * one or against it, and three with one direction of equal projections whose weights add up to 0.
 */
export const nearlyDegenerate = (epsilon: number): Matrix[] => [
  [
    [1, epsilon, 0],
    [-1, epsilon, 0],
    [0, 0, 1],
  ],
  [
    [0, -1, 0],
    [1, epsilon, 0],
    [-1, epsilon, 0],
  ],
  [[1, 0, 0], [0, 1, 0], [0.7, 0.7, Math.sqrt(0.02)].map((value) => (2 / 3) * (1 + epsilon) * value)],
];

/** Up to 15 tasks of any rank, duplicates among them, with row scales up to `decades` apart; `leaning`: with a constant added, so that they agree more often. */
export function drawn(seed: number, decades: number, leaning = false): Matrix {
  const random = hostRandom(seed);
  const [t, p, r, duplicate, lean] = random.uniform(5) as unknown as [number, number, number, number, number];
  const tasks = 2 + Math.floor(14 * t);
  const width = 1 + Math.floor(20 * p);
  const rank = 1 + Math.floor(r * Math.min(tasks, width));
  const left = random.fold('left').normal(tasks * rank);
  const right = random.fold('right').normal(rank * width);
  const exponents = random.fold('scale').uniform(tasks);
  const matrix = (values: ArrayLike<number>, height: number, columns: number): Matrix =>
    Array.from({ length: height }, (_, i) => Array.from({ length: columns }, (__, k) => values[i * columns + k]!));
  const jacobian = product(matrix(left, tasks, rank), matrix(right, rank, width));
  const scaled = jacobian.map((row, i) =>
    row.map((value) => (value + (leaning ? lean : 0)) * 10 ** Math.floor(decades * (exponents[i]! - 0.5))),
  );
  return duplicate < 0.2 ? [scaled.at(-1)!, ...scaled.slice(1)] : scaled;
}

/**
 * Jacobians that are not strongly stationary (no w > 0 has Jᵀw = 0), though many are Pareto stationary: the first column is 0 for some rows, which may
 * cancel each other, and positive for the others, of which there is one at least.
 */
export const notStronglyStationary: fc.Arbitrary<Matrix> = fc
  .record({
    rows: fc.integer({ min: 1, max: 4 }).chain((columns) => fc.array(list(entry, columns), { minLength: 1, maxLength: 5 })),
    first: list(fc.constantFrom(0, 0, 0.5, 1, 2), 6),
    opposite: fc.boolean(),
  })
  .map(({ rows, first, opposite }) => {
    const away = rows.map((row, i) => [i === 0 ? 1 : first[i]!, ...row]);
    const last = rows.at(-1)!;
    return opposite && rows.length > 1 ? [...away, [away.at(-1)![0]!, ...last.map((value) => -value)]] : away;
  });

export interface Quadratics {
  readonly at: readonly number[];
  readonly values: (x: ArrayLike<number>) => number[];
  readonly jacobian: Matrix;
}

/** Convex quadratics ½ Σ hₖ (xₖ − aₖ)², one a task, at a point. */
export const quadratics: fc.Arbitrary<Quadratics> = fc
  .integer({ min: 1, max: 5 })
  .chain((size) =>
    fc.record({
      at: list(entry, size),
      tasks: fc.array(
        fc.record({
          centre: list(fc.double({ min: 1, max: 5, noNaN: true }), size),
          h: list(fc.double({ min: 0.1, max: 10, noNaN: true }), size),
        }),
        { minLength: 1, maxLength: 5 },
      ),
    }),
  )
  .map(({ at, tasks }) => ({
    at,
    values: (x) => tasks.map(({ centre, h }) => centre.reduce((sum, a, k) => sum + 0.5 * h[k]! * (x[k]! - a) ** 2, 0)),
    jacobian: tasks.map(({ centre, h }) => centre.map((a, k) => h[k]! * (at[k]! - a))),
  }));

function product(left: Matrix, right: Matrix): Matrix {
  return left.map((row) => right[0]!.map((_, k) => row.reduce((sum, value, q) => sum + value * right[q]![k]!, 0)));
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
export const norm = (a: ArrayLike<number>) => Math.sqrt(dot(a, a));
