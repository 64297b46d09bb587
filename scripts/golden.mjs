#!/usr/bin/env node
// pnpm golden [folder]: runs the golden files through the public functions of the packages, on their sources.
import { fileURLToPath } from 'node:url';
import { withSources } from './sources.mjs';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../shared/golden', import.meta.url));
await withSources(fileURLToPath(new URL('golden/main.ts', import.meta.url)), async ({ main }) => {
  process.exitCode = (await main(folder)) === 0 ? 0 : 1;
});
