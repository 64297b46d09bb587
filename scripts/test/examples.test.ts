// Every example runs, in its short form.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root } from './packages';

const examples = readdirSync(`${root}/examples`).filter((file) => file.endsWith('.ts') && !file.endsWith('.config.ts'));

it.each(examples)('%s', (example) => {
  const result = spawnSync(process.execPath, ['examples/run.mjs', example, '--smoke'], { cwd: root, encoding: 'utf8', timeout: 240_000 });
  expect(result.status, result.stderr).toBe(0);
  expect(result.stdout).toMatch(/\S/);
});
