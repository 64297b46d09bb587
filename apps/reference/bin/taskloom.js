#!/usr/bin/env node
// Committed, so that package managers find it before the first build; the command itself is built from src/cli.ts.
import { existsSync } from 'node:fs';

const cli = new URL('../dist/cli.js', import.meta.url);
if (existsSync(cli)) await import(cli.href);
else {
  process.stderr.write('taskloom is not built yet. Build it with `npm run build` in the root of the repository.\n');
  process.exitCode = 1;
}
