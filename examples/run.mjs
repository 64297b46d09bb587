#!/usr/bin/env node
// node examples/run.mjs <example>.ts [arguments]: runs an example on the sources of the packages; nothing needs to be built first. `--help` prints what stands at its head.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { withSources } from '../scripts/sources.mjs';

const [example] = process.argv.splice(2, 1);
if (!example) {
  console.error('Which example? node examples/run.mjs sinusoid.ts --smoke');
  process.exit(2);
}
const file = resolve(import.meta.dirname, example);
if (process.argv.includes('--help')) {
  const [head = ''] = /^(\/\*\*.*?\*\/|(\/\/[^\n]*\n)+)/s.exec(readFileSync(file, 'utf8')) ?? [];
  console.log(head.replace(/^(\/\*\* ?| \*\/| \* ?|\/\/ ?)/gm, '').trim());
  process.exit(0);
}
await withSources(file);
