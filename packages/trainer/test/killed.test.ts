import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostRandom } from '@taskloom/core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** `KILLS=100` for a long night. */
const kills = Number(process.env.KILLS ?? 20);
const steps = 10 * kills;
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
let folder: string;

beforeAll(async () => {
  // Inside the package, so that the bundle finds tfjs.
  mkdirSync(here('../node_modules/.cache'), { recursive: true });
  folder = mkdtempSync(here('../node_modules/.cache/killed-'));
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^@taskloom\/core\/optimizers$/, replacement: here('../../core/src/optimizers/index.ts') },
        { find: /^@taskloom\/core\/node$/, replacement: here('../../core/src/node.ts') },
        { find: /^@taskloom\/core$/, replacement: here('../../core/src/index.ts') },
      ],
    },
    build: {
      ssr: here('./killed-child.ts'),
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'child.mjs' } },
    },
  });
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the child; kills it `after.steps` steps into its life plus `after.milliseconds`. */
function child(
  store: string,
  after?: { steps: number; milliseconds: number },
): Promise<{ start: number; digest?: string; killed: boolean }> {
  return new Promise((resolve, reject) => {
    const process = spawn('node', [join(folder, 'child.mjs'), store, String(steps)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [text, errors, armed] = ['', '', false];
    process.stderr.on('data', (data) => {
      errors += data;
    });
    process.stdout.on('data', (data) => {
      text += data;
      if (!after || armed || (text.match(/^step/gm)?.length ?? 0) < after.steps) return;
      armed = true;
      setTimeout(() => process.kill('SIGKILL'), after.milliseconds);
    });
    process.on('error', reject);
    process.on('close', (code, signal) => {
      const start = Number(/^start (\d+)/m.exec(text)?.[1]);
      if (code !== 0 && signal !== 'SIGKILL') reject(new Error(errors));
      else resolve({ start, digest: /^digest (.*)$/m.exec(text)?.[1], killed: signal === 'SIGKILL' });
    });
  });
}

test(
  `a run killed ${kills} times ends with the bits of one that was not`,
  async () => {
    const whole = await child(join(folder, 'whole'));
    expect(whole).toMatchObject({ start: 0, killed: false });
    const random = hostRandom('kills').uniform(2 * kills);
    const starts: number[] = [];
    for (let i = 0; i < kills; i++) {
      const run = await child(join(folder, 'killed'), { steps: Math.floor(12 * random[2 * i]!), milliseconds: 40 * random[2 * i + 1]! });
      expect(run.killed).toBe(true);
      starts.push(run.start);
    }
    const last = await child(join(folder, 'killed'));
    // It did go on: each life starts where a checkpoint of the ones before lies.
    for (const [i, start] of starts.slice(1).entries()) expect(start).toBeGreaterThanOrEqual(starts[i]!);
    expect(last.start).toBeGreaterThan(kills);
    expect(last.start % 3 === 0 || last.start % 25 === 0).toBe(true);
    expect(last.digest).toBeDefined();
    expect(last.digest).toBe(whole.digest);
  },
  30_000 * kills,
);
