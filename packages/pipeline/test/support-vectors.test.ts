import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MachineOptions, type SparseRows, supportVectors } from '../src/support-vectors';

interface Problem {
  readonly features: number;
  readonly rows: readonly (readonly (readonly [id: number, value: number])[])[];
  readonly positive: readonly boolean[];
  readonly shares: readonly number[];
  readonly cost: number;
}

function sparse(rows: Problem['rows']): SparseRows {
  const starts = new Int32Array(rows.length + 1);
  for (const [i, row] of rows.entries()) starts[i + 1] = starts[i]! + row.length;
  const flat = rows.flat();
  return { starts, ids: Int32Array.from(flat, ([id]) => id), values: Float32Array.from(flat, ([, value]) => value) };
}

function solved({ features, rows, positive, shares, cost }: Problem, options: MachineOptions = {}) {
  const weights = new Float64Array(features);
  const bias = supportVectors(sparse(rows), (row) => positive[row]!, weights, { cost, shares: Float32Array.from(shares), ...options });
  return { weights, bias };
}

/** Value and greatest derivative of the primal, term by term. */
function primal({ rows, positive, shares, cost }: Problem, weights: ArrayLike<number>, bias: number) {
  const gradient = Array.from({ length: weights.length }, (_, id) => weights[id]!);
  let alongBias = bias;
  let value = 0.5 * (gradient.reduce((sum, w) => sum + w * w, 0) + bias * bias);
  for (const [i, row] of rows.entries()) {
    const y = positive[i] ? 1 : -1;
    const c = cost * Math.fround(shares[i]!);
    const short = Math.max(0, 1 - y * row.reduce((sum, [id, x]) => sum + weights[id]! * Math.fround(x), bias));
    value += c * short * short;
    for (const [id, x] of row) gradient[id]! -= 2 * c * short * y * Math.fround(x);
    alongBias -= 2 * c * short * y;
  }
  return { value, slope: Math.max(Math.abs(alongBias), ...gradient.map(Math.abs)) };
}

const problems: fc.Arbitrary<Problem> = fc.integer({ min: 1, max: 6 }).chain((features) =>
  fc
    .array(
      fc.record({
        row: fc.uniqueArray(fc.tuple(fc.nat(features - 1), fc.double({ min: -2, max: 2, noNaN: true })), { selector: ([id]) => id }),
        positive: fc.boolean(),
        share: fc.constantFrom(0, 0.25, 1, 3),
      }),
      { minLength: 1, maxLength: 15 },
    )
    .chain((all) =>
      fc.record({
        features: fc.constant(features),
        rows: fc.constant(all.map(({ row }) => row)),
        positive: fc.constant(all.map(({ positive }) => positive)),
        shares: fc.constant(all.map(({ share }) => share)),
        cost: fc.constantFrom(0.01, 1, 30),
      }),
    ),
);

describe('supportVectors', () => {
  it('solves: the primal is flat where it ends', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { weights, bias } = solved(problem, { tolerance: 1e-10, passes: 100_000 });
        const steepest = problem.cost * problem.shares.reduce((sum, share) => sum + share, 1);
        expect(primal(problem, weights, bias).slope).toBeLessThan(1e-7 * steepest);
      }),
      { numRuns: 200 },
    );
  });

  it('one feature, one row of each class: by hand', () => {
    // w = 4C(1 − w) where the margins are equal: ½w² + 2C(1 − w)² at C = 1 has its least value at 4/5.
    const two: Problem = { features: 1, rows: [[[0, 1]], [[0, -1]]], positive: [true, false], shares: [1, 1], cost: 1 };
    const { weights, bias } = solved(two, { tolerance: 1e-12, passes: 10_000 });
    expect(weights[0]).toBeCloseTo(0.8, 9);
    expect(bias).toBeCloseTo(0, 9);
  });

  it('passes are bounded, and none gets below the least value', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const value = (options: MachineOptions) => {
          const { weights, bias } = solved(problem, options);
          return primal(problem, weights, bias).value;
        };
        const least = value({ tolerance: 1e-10, passes: 100_000 });
        expect(value({ passes: 0 })).toBe(primal(problem, new Float64Array(problem.features), 0).value);
        expect(value({ passes: 1 })).toBeGreaterThanOrEqual(least - 1e-6);
      }),
      { numRuns: 100 },
    );
  });

  it('a row of share 0 is as if it were not there, and the same rows give the same bits', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const exact = { tolerance: 1e-10, passes: 100_000 };
        const kept = problem.shares.flatMap((share, i) => (share > 0 ? [i] : []));
        const without = { ...problem, ...pick(problem, kept) };
        const { weights, bias } = solved(problem, exact);
        const other = solved(without, exact);
        expect(Math.max(Math.abs(bias - other.bias), ...weights.map((w, id) => Math.abs(w - other.weights[id]!)))).toBeLessThan(1e-6);
        expect(solved(problem, exact)).toEqual({ weights, bias });
      }),
      { numRuns: 100 },
    );
  });
});

function pick({ rows, positive, shares }: Problem, kept: readonly number[]) {
  return { rows: kept.map((i) => rows[i]!), positive: kept.map((i) => positive[i]!), shares: kept.map((i) => shares[i]!) };
}
