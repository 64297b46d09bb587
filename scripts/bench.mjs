#!/usr/bin/env node
// pnpm bench [name … [options]]: runs the named benchmarks of bench/ one after another, without a name those whose tables need minutes only.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const all = readdirSync(`${root}bench`)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
/** The tables that say how fast the library is. The others train for long, or ask for programs or data of their own. */
const usual = ['compiled', 'footprint', 'onnx-start', 'onnx-worker', 'balancing', 'balancers'].filter((name) => all.includes(name));

const given = process.argv.slice(2).filter((argument) => argument !== '--');
const first = given.findIndex((argument) => argument.startsWith('-'));
const names = first < 0 ? given : given.slice(0, first);
const options = first < 0 ? [] : given.slice(first);

if (options.includes('--help') || options.includes('--list')) {
  console.log('pnpm bench [name … [options of the benchmark]]\n');
  for (const name of all) console.log(`  ${name.padEnd(16)}${usual.includes(name) ? '* ' : '  '}${aboutOf(name)}`);
  console.log('\nThose with a star run when none is named. What each takes is said at the head of its file.');
} else {
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no benchmark '${unknown.join("', '")}'. There are: ${all.join(', ')}.`);
    process.exit(2);
  }
  for (const name of names.length > 0 ? names : usual) {
    console.log(`\n── ${name} ──\n`);
    const { status } = spawnSync(process.execPath, ['--expose-gc', 'examples/run.mjs', `../bench/${name}.ts`, ...options], {
      cwd: root,
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
}

/** The first sentence of the comment that a benchmark begins with. */
function aboutOf(name) {
  const head = readFileSync(`${root}bench/${name}.ts`, 'utf8').slice(0, 600);
  const text = head
    .replace(/^(\/\*\*|\/\/)/, '')
    .replace(/\n \*/g, '\n')
    .replace(/\s+/g, ' ')
    .trim();
  return text.slice(0, Math.max(0, text.search(/[.:;](\s|$)/)));
}
