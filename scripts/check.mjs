// `pnpm check`: everything about the code that is not behaviour. The same list that CI runs; all of it runs, then the failures are named.
import { build, install, pnpm } from './workspace.mjs';

install();
build();
const steps = [
  ['format and lint', ['exec', 'biome', 'ci', '--error-on-warnings', '.']],
  ['types', ['exec', 'tsc', '-p', 'tsconfig.json']],
  ['published packages (publint, attw)', ['exec', 'turbo', 'run', 'check:package', '--concurrency=1', '--output-logs=errors-only']],
  ['size budgets', ['exec', 'turbo', 'run', 'size', '--concurrency=1', '--output-logs=full']],
  ['unused files, exports, dependencies', ['exec', 'knip']],
  ['boundaries', ['--filter', '@taskloom/scripts', 'exec', 'vitest', 'run', 'test/boundaries.test.ts']],
];
const failed = [];
for (const [name, args] of steps) {
  console.log(`\n── ${name}`);
  if (pnpm(args, { allowFailure: true }) !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.join(', ')}.`);
process.exit(failed.length === 0 ? 0 : 1);
