import { describe, expect, it } from 'vitest';
import { checkCounts, checkNumbers, checkOption, chosen } from '../src';

const refused = (f: () => unknown) => {
  try {
    f();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('options', () => {
  it('numbers are finite, in their range, or not given', () => {
    expect(refused(() => checkNumbers({ a: 0, b: 1, c: 0.5, d: undefined }, 0, 1))).toBeUndefined();
    expect(refused(() => checkNumbers({ a: 1, b: -0.1 }, 0, 1))).toBe(
      "'b' is out of range. Expected a finite number from 0 to 1, got -0.1.",
    );
    expect(refused(() => checkNumbers({ a: Number.NaN }))).toBe("'a' is out of range. Expected a finite number, got NaN.");
    expect(refused(() => checkNumbers({ a: Infinity }, 0))).toBe("'a' is out of range. Expected a finite number ≥ 0, got Infinity.");
    expect(refused(() => checkNumbers({ a: '1' as never }, 0))).toMatch('got 1');
    expect(refused(() => checkNumbers({ a: null as never }, 0))).toMatch('got null');
  });

  it('counts are whole', () => {
    expect(refused(() => checkCounts({ a: 3, b: undefined }, 1))).toBeUndefined();
    expect(refused(() => checkCounts({ a: 3.5 }, 1))).toBe("'a' is out of range. Expected a whole number ≥ 1, got 3.5.");
    expect(refused(() => checkCounts({ a: 4 }, 0, 3))).toMatch('a whole number from 0 to 3');
  });

  it('a choice is one of its table, and not what every object has', () => {
    const table = { one: 1, two: 2 };
    expect(chosen('which', 'two', table)).toBe(2);
    for (const choice of ['three', 'toString', null])
      expect(refused(() => chosen('which', choice as 'one', table))).toMatch('Expected ["one","two"]');
  });

  it('says what it got', () =>
    expect(() => checkOption(false, 'x', { y: 1 }, 'a number')).toThrowError(
      expect.objectContaining({ code: 'bad_option', details: { name: 'x', got: { y: 1 }, expected: 'a number' } }) as never,
    ));
});
