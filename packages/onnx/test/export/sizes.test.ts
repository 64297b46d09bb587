import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate, fit, type Polynomial, textOf } from '../../src/export/polynomial';
import { tracePoints } from '../../src/export/sizes';

const names = ['a', 'b', 'c', 'd'];
const maxima = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 24, max: 5000 }));
const points = fc.tuple(fc.integer({ min: 1, max: 4 }), maxima, fc.integer({ min: 0, max: 2 })).map(([count, all, attempt]) => {
  const symbols = names.slice(0, count);
  return tracePoints(symbols, Object.fromEntries(Object.entries(all).filter(([name]) => symbols.includes(name))), attempt);
});

test('no two sizes of a model are equal, none is 1, and none is above its maximum', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), maxima, fc.integer({ min: 0, max: 2 }), (count, all, attempt) => {
      const symbols = names.slice(0, count);
      const { sizes, largest } = tracePoints(symbols, all, attempt);
      expect(largest).toEqual(
        Object.keys(all).some((name) => symbols.includes(name)) ? symbols.map((name, i) => all[name] ?? sizes[0]![i]) : undefined,
      );
      for (const point of sizes) {
        expect(new Set(point).size).toBe(count);
        for (const [i, size] of point.entries()) {
          expect(size).toBeGreaterThan(1);
          expect(size).toBeLessThan(all[symbols[i]!] ?? Infinity);
        }
      }
    }),
  );
});

const coefficient = fc.integer({ min: -9, max: 9 }).filter((n) => n !== 0);

test('a polynomial without squares is found again', () => {
  fc.assert(
    fc.property(
      points,
      fc.array(fc.tuple(coefficient, fc.array(fc.nat(1), { minLength: 4, maxLength: 4 })), { maxLength: 4 }),
      (where, terms) => {
        const given: Polynomial = terms
          .map(([own, powers]) => ({ coefficient: own, powers: powers.slice(0, where.symbols.length) }))
          .filter(({ powers }) => powers.reduce((a, b) => a + b, 0) <= 2);
        const values = where.sizes.map((sizes) => evaluate(given, sizes));
        const found = fit(values, where)!;
        const elsewhere = where.symbols.map((_, i) => 7 + 3 * i);
        expect(evaluate(found, elsewhere)).toBe(evaluate(given, elsewhere));
      },
    ),
  );
});

test('and so is a product of powers', () => {
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 64 }), fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }), (where, own, powers) => {
      const given: Polynomial = [{ coefficient: own, powers: powers.slice(0, where.symbols.length) }];
      const values = where.sizes.map((sizes) => evaluate(given, sizes));
      fc.pre(values.every(Number.isSafeInteger));
      const found = fit(values, where)!;
      const elsewhere = where.symbols.map((_, i) => 2 + i);
      expect(evaluate(found, elsewhere)).toBe(evaluate(given, elsewhere));
    }),
  );
});

test('what is neither is not taken for one', () => {
  const where = tracePoints(['batch', 'time'], {});
  const of = (f: (batch: number, time: number) => number) =>
    fit(
      where.sizes.map(([batch, time]) => f(batch!, time!)),
      where,
    );
  expect(of((_, t) => Math.ceil(t / 2))).toBeUndefined();
  expect(of((_, t) => Math.floor(Math.sqrt(t)))).toBeUndefined();
  expect(of((_, t) => t * t + t)).toBeUndefined();
  expect(of((b, t) => b / t)).toBeUndefined();
  expect(textOf(of((b, t) => 2 * b * t + 3 * t + 1)!, where.symbols)).toBe('2*batch*time + 3*time + 1');
  expect(textOf(of((_, t) => t * t)!, where.symbols)).toBe('time*time');
});
