import fc from 'fast-check';

export type Matrix = number[][];

const entry = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -3, max: 3, noNaN: true }));

/**
 * Jacobians of every rank, T from 1 to 6 and P from 1 to 6 (so also T > P), some with a zero row, a duplicate row, an opposite row,
 * or row scales anywhere between 1e-10 and 1e10.
 */
export const jacobians: fc.Arbitrary<Matrix> = fc
  .record({
    rows: fc
      .integer({ min: 1, max: 6 })
      .chain((columns) => fc.array(fc.array(entry, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 6 })),
    change: fc.constantFrom('none', 'none', 'zero', 'duplicate', 'opposite', 'scales', 'all tiny', 'all huge'),
    exponents: fc.array(fc.integer({ min: -10, max: 10 }), { minLength: 6, maxLength: 6 }),
  })
  .map(({ rows, change, exponents }) => {
    // Within a row, entries are 0 or comparable: the scales to be tested are between rows.
    const clean = rows.map((row) => row.map((value) => (Math.abs(value) < 1e-6 ? 0 : value)));
    const first = clean[0]!;
    if (change === 'zero') return [first.map(() => 0), ...clean.slice(1)];
    if (change === 'duplicate') return [...clean.slice(0, 5), first];
    if (change === 'opposite') return [...clean.slice(0, 5), first.map((value) => -2 * value)];
    if (change === 'scales') return clean.map((row, i) => row.map((value) => value * 10 ** exponents[i]!));
    if (change === 'all tiny') return clean.map((row) => row.map((value) => value * 1e-10));
    if (change === 'all huge') return clean.map((row) => row.map((value) => value * 1e10));
    return clean;
  });

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
export const norm = (a: ArrayLike<number>) => Math.sqrt(dot(a, a));
