import { TaskloomError } from './error';

/** Throws `bad_option` where an option has a value that it cannot have. */
export function checkOption(holds: boolean, name: string, got: unknown, expected: unknown): void {
  if (!holds) throw new TaskloomError('bad_option', `'${name}' is out of range.`, { name, got, expected });
}

interface Numbers {
  readonly [name: string]: number | undefined;
}

/** Throws `bad_option` for what is given and is no finite number from `least` to `most`. */
export function checkNumbers(options: Numbers, least = -Infinity, most = Infinity): void {
  check(options, least, most, 'finite');
}

/** Throws `bad_option` for what is given and is no whole number from `least` to `most`. */
export function checkCounts(options: Numbers, least = 0, most = Infinity): void {
  check(options, least, most, 'whole');
}

/** What `table` has for a choice; throws `bad_option` where it has nothing. */
export function chosen<Choice extends string, Value>(name: string, choice: Choice, table: { readonly [choice in Choice]: Value }): Value {
  checkOption(Object.hasOwn(table, choice), name, choice, Object.keys(table));
  return table[choice];
}

function check(options: Numbers, least: number, most: number, kind: 'finite' | 'whole'): void {
  const holds = kind === 'whole' ? Number.isInteger : Number.isFinite;
  const range = most === Infinity ? (least === -Infinity ? '' : ` ≥ ${least}`) : ` from ${least} to ${most}`;
  for (const [name, got] of Object.entries(options))
    checkOption(got === undefined || (holds(got) && got >= least && got <= most), name, got, `a ${kind} number${range}`);
}
