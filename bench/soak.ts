/**
 * A long training of the support model, with evaluations and checkpoints on disk: tensors and memory must stay flat.
 *
 *   node --expose-gc examples/run.mjs ../bench/soak.ts [--steps 5000] [--execution eager]      (or compiled)
 *   KILLS=100 npx vitest run test/killed.test.ts      (in packages/trainer: as many SIGKILLs, each resumed; 20 in the test suite)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { folderStore } from '@taskloom/core/node';
import { type Execution, train } from '@taskloom/pipeline';
import { memory } from '@tensorflow/tfjs-core';
import { startBackend } from '../apps/reference/src/backend';
import { dataFiles } from '../apps/reference/src/data-files';
import { supportConfig } from '../apps/reference/src/support-config';

const { values: flags } = parseArgs({
  options: { steps: { type: 'string', default: '5000' }, execution: { type: 'string', default: 'eager' } },
});
const steps = Number(flags.steps);
const every = Math.max(1, Math.round(steps / 50));
const folder = await mkdtemp(join(tmpdir(), 'soak-'));
const backend = await startBackend('wasm');

/** After each evaluation, the garbage collected where node allows it (`--expose-gc`); megabytes but for the tensors' bytes. */
const samples: { step: number; tensors: number; bytes: number; resident: number; heap: number; external: number }[] = [];
const began = performance.now();
await train(
  {
    ...supportConfig,
    features: { kind: 'hashed', characters: [3, 3], buckets: 2000, perToken: 4, maxTokens: 32 },
    trunk: { kind: 'textCNN', width: 16, widths: [3], pool: 'embeddings', dropout: 0.3 },
    training: { steps, batchSize: 16, learningRate: 0.005, evaluateEvery: every, checkpointEvery: every },
  },
  {
    store: folderStore(folder),
    execution: flags.execution as Execution,
    data: dataFiles(fileURLToPath(new URL('../apps/reference/data/support', import.meta.url))),
    onProgress(event) {
      if (event.kind !== 'step' || (event.step - 1) % every !== 0) return;
      globalThis.gc?.();
      const { rss, heapUsed, external } = process.memoryUsage();
      const { numTensors, numBytes } = memory();
      samples.push({
        step: event.step,
        tensors: numTensors,
        bytes: numBytes,
        resident: rss / 2 ** 20,
        heap: heapUsed / 2 ** 20,
        external: external / 2 ** 20,
      });
    },
  },
);
const seconds = (performance.now() - began) / 1000;
await rm(folder, { recursive: true });

// The first fifth warms up: caches, the backend's memory, compiled code.
const settled = samples.slice(Math.floor(samples.length / 5));
const perThousand = (of: (sample: (typeof samples)[number]) => number) => {
  const [x, y] = [settled.map(({ step }) => step), settled.map(of)];
  const [mx, my] = [mean(x), mean(y)];
  return (1000 * x.reduce((sum, v, i) => sum + (v - mx) * (y[i]! - my), 0)) / x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
};
console.log(
  `${steps} steps, ${samples.length - 1} evaluations and checkpoints, ${flags.execution}, backend ${backend}, ${seconds.toFixed(0)} s\n`,
);
console.log('|  step | tensors | tensor bytes | heap MB | external MB | resident MB |\n| ---: | ---: | ---: | ---: | ---: | ---: |');
for (const { step, tensors, bytes, resident, heap, external } of samples.filter((_, i) => i % 5 === 0 || i === samples.length - 1))
  console.log(`| ${step} | ${tensors} | ${bytes} | ${heap.toFixed(1)} | ${external.toFixed(1)} | ${resident.toFixed(1)} |`);
const counts = new Set(samples.map(({ tensors, bytes }) => `${tensors} ${bytes}`));
console.log(
  `\nTensors and their bytes: ${counts.size === 1 ? 'the same in all samples' : `${counts.size} different pairs`}. After the first fifth, per 1,000 steps: resident ${signed(perThousand((s) => s.resident))} MB, heap ${signed(perThousand((s) => s.heap))} MB, external ${signed(perThousand((s) => s.external))} MB.`,
);
if (counts.size > 1) process.exitCode = 1;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}
