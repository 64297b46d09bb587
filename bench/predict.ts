// Answers about one text at a time, after loading. Run: node examples/run.mjs ../bench/predict.ts
import { fileURLToPath } from 'node:url';
import { memoryStore } from '@taskloom/core';
import { loadRun, train } from '@taskloom/pipeline';
import { startBackend } from '../apps/reference/src/backend';
import { dataFiles } from '../apps/reference/src/data-files';
import { supportConfig } from '../apps/reference/src/support-config';

const data = dataFiles(fileURLToPath(new URL('../apps/reference/data/support', import.meta.url)));
const texts = (await data.rows('validation.jsonl')).map(({ text }) => String(text));
const store = memoryStore();
await startBackend('wasm');
await train({ ...supportConfig, training: { ...supportConfig.training, steps: 20, evaluateEvery: 20 } }, { store, data });

console.log('| backend | loading, median of 5 | first text | one text: median | p95 | greatest | texts in batches of 64 |');
console.log('|---|---:|---:|---:|---:|---:|---:|');
for (const backend of ['wasm', 'cpu'] as const) {
  await startBackend(backend);
  const loading: number[] = [];
  for (let i = 0; i < 5; i++) loading.push(await time(async () => (await loadRun(store)).dispose()));
  const run = await loadRun(store);
  const first = await time(() => run.predict([texts[0]!]));
  const single: number[] = [];
  for (const text of texts) single.push(await time(() => run.predict([text])));
  const many = await time(() => run.predict(texts));
  run.dispose();
  const cells = [quantile(loading, 0.5), first, quantile(single, 0.5), quantile(single, 0.95), quantile(single, 1)];
  console.log(
    `| ${backend} | ${cells.map((ms) => `${ms.toFixed(1)} ms`).join(' | ')} | ${Math.round((texts.length / many) * 1000)} a second |`,
  );
}

/** Milliseconds. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function quantile(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))]!;
}
