import { TaskloomError } from '@taskloom/core';

/** Throws `bad_option` where an option has a value that it cannot have. */
export function checkOption(holds: boolean, name: string, got: unknown, expected: string): void {
  if (!holds) throw new TaskloomError('bad_option', `'${name}' cannot have this value.`, { name, got, expected });
}

/** Throws it for what is not a whole number of at least `least`. */
export function checkCount(name: string, got: number, least: number): void {
  checkOption(Number.isInteger(got) && got >= least, name, got, `an integer ≥ ${least}`);
}
