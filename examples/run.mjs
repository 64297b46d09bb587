#!/usr/bin/env node
// node examples/run.mjs <example>.ts [arguments]: runs an example on the sources of the packages; nothing needs to be built first.
import { resolve } from 'node:path';
import { withSources } from '../scripts/sources.mjs';

const [example] = process.argv.splice(2, 1);
if (!example) {
  console.error('Which example? node examples/run.mjs sinusoid.ts --smoke');
  process.exit(2);
}
await withSources(resolve(import.meta.dirname, example));
