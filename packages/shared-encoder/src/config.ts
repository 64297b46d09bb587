import { type Json, TaskloomError } from '@taskloom/core';
import { assertKnown, nearest } from './suggest';

/** A config as JSON: options that are `undefined` are left out. */
export function jsonOf(kind: string, options: object): Json {
  return Object.fromEntries([['kind', kind], ...Object.entries(options).filter(([, value]) => value !== undefined)]) as Json;
}

/** What an option may be: the values themselves, or a test and its words. */
export type Rule = readonly string[] | { readonly words: string; readonly test: (value: unknown) => boolean };

export const isCount = (value: unknown) => Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 31;
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
export const all = (test: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(test);
const isName = (value: unknown) => typeof value === 'string';

export const count: Rule = { words: 'a whole number > 0', test: isCount };
export const countOrZero: Rule = { words: 'a whole number ≥ 0', test: (value) => value === 0 || isCount(value) };
export const counts: Rule = { words: 'whole numbers > 0', test: all(isCount) };
export const countOrCounts: Rule = {
  words: 'a whole number > 0, or one for each bag',
  test: (value) => isCount(value) || (typeof value === 'object' && value !== null && all(isCount)(Object.values(value))),
};
export const rate: Rule = {
  words: 'a number in [0, 1)',
  test: (value) => isNumber(value) && (value as number) >= 0 && (value as number) < 1,
};
export const flag: Rule = { words: 'true or false', test: (value) => typeof value === 'boolean' };
export const texts: Rule = { words: 'a list of texts', test: all(isName) };
export const numbers: Rule = { words: 'a list of numbers', test: all(isNumber) };
export const numberOrNumbers: Rule = { words: 'a number or a list of them', test: (value) => isNumber(value) || all(isNumber)(value) };
export const anything: Rule = { words: 'anything', test: () => true };

/** Throws `bad_option` for an option that is missing, unknown (naming the nearest one) or not what its rule says. */
export function checkOptions(
  kind: string,
  options: object,
  required: Readonly<Record<string, Rule>>,
  optional: Readonly<Record<string, Rule>>,
): void {
  const rules = { ...required, ...optional };
  const names = Object.keys(rules);
  for (const name of Object.keys(required)) {
    if ((options as Record<string, unknown>)[name] === undefined)
      throw new TaskloomError('bad_option', `'${kind}' needs the option '${name}'.`, {
        name,
        expected: words(rules[name]!),
        got: 'nothing',
      });
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    const near = nearest(name, names);
    if (!rule)
      throw new TaskloomError('bad_option', `'${kind}' has no option '${name}'.`, {
        name,
        expected: `one of ${names.join(', ')}`,
        remedy: near && `Did you mean '${near}'?`,
      });
    if (value !== undefined && !('words' in rule ? rule.test(value) : rule.includes(value as string)))
      throw new TaskloomError('bad_option', `The option '${name}' of '${kind}' is wrong.`, { name, expected: words(rule), got: value });
  }
}

function words(rule: Rule): string {
  return 'words' in rule ? rule.words : `one of ${rule.join(', ')}`;
}

/** Builds what a config describes with the maker of its kind. Throws `unknown_<what>` for a kind without one. */
export function build<T>(what: 'head' | 'trunk', config: unknown, makers: Readonly<Record<string, (options: never) => T>>): T {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new TaskloomError('bad_option', 'A config is an object with a kind.', { name: 'config', got: config });
  const { kind, ...options } = config as { kind?: unknown };
  const name = typeof kind === 'string' ? kind : `(${typeof kind})`;
  assertKnown(what, name, Object.keys(makers));
  return makers[name]!(options as never);
}
