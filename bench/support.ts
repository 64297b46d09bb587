// The support model of `npm start`, eager on wasm and compiled. Run: node examples/run.mjs ../bench/support.ts [steps]
import { fileURLToPath } from 'node:url';
import { type Executor, memoryStore } from '@taskloom/core';
import { ort } from '@taskloom/onnx';
import { train } from '@taskloom/pipeline';
import { startBackend } from '../apps/reference/src/backend';
import { dataFiles } from '../apps/reference/src/data-files';
import { supportConfig } from '../apps/reference/src/support-config';

const steps = Number(process.argv[2] ?? 100);
const data = dataFiles(fileURLToPath(new URL('../apps/reference/data/support', import.meta.url)));
const config = { ...supportConfig, training: { ...supportConfig.training, steps, evaluateEvery: steps } };
await startBackend('wasm');

async function run(name: string, execution: 'compiled' | 'eager', executor?: Executor) {
  const times: number[] = [];
  const losses: number[] = [];
  let began = 0;
  const callbacks = [
    {
      onBatchBegin: () => {
        began = performance.now();
      },
      onBatchEnd: (_: number, logs: { loss: number }) => {
        times.push(performance.now() - began);
        losses.push(logs.loss);
      },
    },
  ];
  const start = performance.now();
  await train(config, { store: memoryStore(), data, execution, executor, callbacks: callbacks as never });
  const total = performance.now() - start;
  const sorted = [...times].sort((a, b) => a - b);
  console.log(
    name,
    'total',
    (total / 1000).toFixed(1),
    's; step median',
    sorted[sorted.length >> 1]!.toFixed(1),
    'ms, max',
    sorted.at(-1)!.toFixed(0),
    'sum',
    (times.reduce((a, b) => a + b, 0) / 1000).toFixed(1),
  );
  return losses;
}
const warnings: string[] = [];
const a = await run(
  'compiled',
  'compiled',
  ort({ threads: process.argv[3] ? Number(process.argv[3]) : 'auto', onWarning: ({ message }) => void warnings.push(message) }),
);
console.log(warnings.join('\n'));
const b = await run('eager wasm', 'eager');
const worst = Math.max(...a.map((x, i) => Math.abs(x - b[i]!) / Math.abs(b[i]!)));
console.log('losses', a.at(-1), b.at(-1), 'greatest relative difference', worst);
process.exit(0);
