// Every example runs, in its short form.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root } from './packages';

const all = readdirSync(`${root}/examples`).filter((file) => file.endsWith('.ts') && !file.endsWith('.config.ts'));
/** It fetches 118 MB. */
const fetching = 'word-vectors.ts';
const examples = all.filter((file) => file !== fetching);

it.each(examples)('%s', (example) => {
  const result = spawnSync(process.execPath, ['examples/run.mjs', example, '--smoke'], { cwd: root, encoding: 'utf8', timeout: 240_000 });
  expect(result.status, result.stderr).toBe(0);
  expect(result.stdout).toMatch(/\S/);
});

it.each(all)('%s says what it is', (example) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/run.mjs', example, '--help'], { cwd: root, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`node examples/run.mjs ${example}`);
});
