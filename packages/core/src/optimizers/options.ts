import { checkOption } from '../option';

/** Throws `bad_option` unless `value` is finite and > 0. */
export function positive(name: string, value: number): void {
  checkOption(value > 0 && Number.isFinite(value), name, value, 'a number > 0');
}

/** Throws `bad_option` unless `value` is finite and ≥ 0. */
export function nonNegative(name: string, value: number): void {
  checkOption(value >= 0 && Number.isFinite(value), name, value, 'a number ≥ 0');
}

/** Throws `bad_option` unless 0 ≤ value < 1. */
export function fraction(name: string, value: number): void {
  checkOption(value >= 0 && value < 1, name, value, 'a number in [0, 1)');
}

/** Throws `bad_option` unless `value` is a whole number ≥ `least`. */
export function whole(name: string, value: number, least = 1): void {
  checkOption(Number.isInteger(value) && value >= least, name, value, `a whole number ≥ ${least}`);
}
