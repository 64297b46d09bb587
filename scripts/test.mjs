// `npm test`: install, build, all tests of all packages. `npm test -- core trainer` runs those packages only.
// What failed is said once more at the end: in the stream of all packages it stands thousands of lines up.
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { build, install, pnpmLines } from './workspace.mjs';

install();
build();
const only = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const filters = only.map((name) => `--filter=${name === 'taskloom' ? name : `@taskloom/${name}`}`);
const tests = pnpmLines(['exec', 'turbo', 'run', 'test', '--concurrency=1', '--continue', '--log-order=stream', ...filters]);

/** Of each package, what vitest prints from its heading of failures or of stray errors on. */
const failures = new Map();
for await (const line of createInterface({ input: tests.stdout })) {
  console.log(line);
  const [prefix] = /^\S*:test:/.exec(line) ?? [];
  if (/⎯ (Failed|Unhandled) /.test(stripVTControlCharacters(line))) failures.set(prefix, failures.get(prefix) ?? []);
  failures.get(prefix)?.push(line);
}
const status = await tests.exit;
if (status !== 0) for (const lines of failures.values()) console.error(`\n${lines.slice(0, 200).join('\n')}`);
process.exitCode = status;
