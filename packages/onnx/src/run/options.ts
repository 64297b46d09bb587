import { TaskloomError } from '@taskloom/core';
import { assertKnownKeys } from '../known-keys';

interface Kind {
  readonly expected: string;
  is(value: unknown): boolean;
}

const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 1;
const ofType = (type: string, expected: string): Kind => ({ expected, is: (value) => typeof value === type });

const kinds = {
  threads: { expected: "'auto' or a whole number ≥ 1", is: (value) => value === 'auto' || isCount(value) },
  shapes: { expected: 'a whole number ≥ 1', is: isCount },
  worker: ofType('boolean', 'true or false'),
  cache: ofType('string', 'the path of a folder'),
  onWarning: ofType('function', 'a function'),
  wasmPaths: { expected: 'an address, or addresses', is: (value) => typeof value === 'string' || typeof value === 'object' },
} satisfies { readonly [name: string]: Kind };

/** Throws `bad_option` for an option that is not among `known`, and for a value that it cannot have. */
export function checkOptions(options: object, known: readonly (keyof typeof kinds)[]): void {
  assertKnownKeys('', options, known);
  for (const [name, got] of Object.entries(options)) {
    if (got === undefined) continue;
    const { expected, is }: Kind = kinds[name as keyof typeof kinds];
    if (!is(got)) throw new TaskloomError('bad_option', `'${name}' is not usable.`, { name, got, expected });
  }
}
