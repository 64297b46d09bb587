// `npm test`: install, build, all tests of all packages. `npm test -- core trainer` runs those packages only.
import { build, install, pnpm } from './workspace.mjs';

install();
build();
const only = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const filters = only.map((name) => `--filter=${name === 'taskloom' ? name : `@taskloom/${name}`}`);
pnpm(['exec', 'turbo', 'run', 'test', '--concurrency=1', '--continue', '--log-order=stream', ...filters]);
