/**
 * How long a compiled step takes to start: tracing, and ONNX Runtime's session, without and with a cache folder. Each start is a process of its own.
 *
 *   node examples/run.mjs ../bench/onnx-start.ts [--rounds 7]
 */
import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setBackend } from '@tensorflow/tfjs-core';
import { cached } from '../packages/onnx/src/run/cache';
import { compiling } from '../packages/onnx/src/run/executor';
import { nodeRuntime, sessionOptions } from '../packages/onnx/src/run/node';
import type { Runtime } from '../packages/onnx/src/run/runtime';
import { trainBatch, trainStep } from './works/transformer';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, start: { type: 'boolean' }, cache: { type: 'string' } },
});

/** Milliseconds on the clock and of processor time. */
type Time = { readonly wall: number; readonly processor: number };
type Start = { readonly trace: Time; readonly session: Time };

if (flags.start) {
  console.log(JSON.stringify(await start(flags.cache)));
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'onnx-start-'));
const kinds: { readonly [kind: string]: () => readonly string[] } = {
  'no cache': () => [],
  'into an empty cache': () => {
    rmSync(folder, { recursive: true, force: true });
    return ['--cache', folder];
  },
  'from the cache': () => ['--cache', folder],
};
const starts = new Map<string, Start[]>(Object.keys(kinds).map((kind) => [kind, []]));
for (let round = 0; round < Number(flags.rounds); round++)
  for (const [kind, args] of Object.entries(kinds)) {
    const run = fileURLToPath(new URL('../examples/run.mjs', import.meta.url));
    const output = execFileSync(process.execPath, [run, fileURLToPath(import.meta.url), '--start', ...args()], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    starts.get(kind)!.push(JSON.parse(output.trim().split('\n').at(-1)!) as Start);
  }
const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
rmSync(folder, { recursive: true });

console.log(`${flags.rounds} rounds, interleaved; cache ${(bytes / 1e6).toFixed(1)} MB. Median (least) in ms.\n`);
console.log('| start | trace | session | both | processor time of trace | of session |\n| --- | ---: | ---: | ---: | ---: | ---: |');
for (const [kind, all] of starts) {
  const cell = (of: (start: Start) => number) => {
    const sorted = all.map(of).sort((a, b) => a - b);
    return `${sorted[sorted.length >> 1]!.toFixed(0)} (${sorted[0]!.toFixed(0)})`;
  };
  console.log(
    `| ${kind} | ${cell((s) => s.trace.wall)} | ${cell((s) => s.session.wall)} | ${cell((s) => s.trace.wall + s.session.wall)} | ${cell((s) => s.trace.processor)} | ${cell((s) => s.session.processor)} |`,
  );
}

/** The transformer's training step, from its first call until its graph runs: the loading of the model, cache included, and all else. */
async function start(cache: string | undefined): Promise<Start> {
  await setBackend('cpu');
  const { step, init } = trainStep(32);
  const batch = trainBatch(32, 0);
  let session: Time = { wall: 0, processor: 0 };
  const plain = await nodeRuntime(false);
  const runtime = cache === undefined ? plain : cached(plain, cache);
  return new Promise((resolve, reject) => {
    const timed: Runtime = {
      ...runtime,
      async load(...args) {
        const clock = now();
        await runtime.load(...args);
        session = since(clock);
        return {
          async run() {
            const both = since(began);
            resolve({ trace: { wall: both.wall - session.wall, processor: both.processor - session.processor }, session });
            throw new Error('That was all.');
          },
          release: async () => {},
        };
      },
    };
    let began = now();
    compiling('ort', async () => timed, sessionOptions(2))
      .compile(step as never, { state: init() as never })
      .then((compiled) => {
        began = now();
        return compiled(batch as never);
      })
      .catch(reject);
  });
}

function now() {
  return { wall: performance.now(), processor: process.cpuUsage() };
}

function since(start: ReturnType<typeof now>): Time {
  const { user, system } = process.cpuUsage(start.processor);
  return { wall: performance.now() - start.wall, processor: (user + system) / 1000 };
}
