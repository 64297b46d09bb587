import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { type CheckpointStore, memoryStore } from '@taskloom/core';
import { loadRun, type Prediction } from '@taskloom/pipeline';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { enableProdMode, ready, setBackend } from '@tensorflow/tfjs-core';
import type { TestProject } from 'vitest/node';
import { inputs } from './inputs';
import { steps } from './steps';
import { type Level, trainings, trainWithPipeline } from './trainings';

/** What Node finds, for the browser to compare with. */
export interface InNode {
  readonly losses: { readonly [backend in 'cpu' | 'wasm']: { readonly [level in Level]: readonly number[] } };
  /** The run that the pipeline trained on wasm, files in base64. */
  readonly run: { readonly [bundle: string]: { readonly [file: string]: string } };
  /** Its answers on cpu. */
  readonly predictions: readonly Prediction[];
}

declare module 'vitest' {
  export interface ProvidedContext {
    inNode: InNode;
  }
}

/** Trains in Node first, for the project that runs in the browser and not for its parent. */
export default async function inNode(project: TestProject): Promise<void> {
  if (project.name !== 'chromium') return;
  enableProdMode();
  setWasmPaths(`${join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist')}/`);
  const store = memoryStore();
  const wasm = await lossesOn('wasm', store);
  const cpu = await lossesOn('cpu', memoryStore());
  const run = await loadRun(store);
  const predictions = await run.predict(inputs);
  run.dispose();
  project.provide('inNode', { losses: { cpu, wasm }, run: await inBase64(store), predictions });
}

async function lossesOn(backend: string, store: CheckpointStore): Promise<{ readonly [level in Level]: readonly number[] }> {
  if (!(await setBackend(backend))) throw new Error(`The backend ${backend} does not start in Node.`);
  await ready();
  const { core, trainer } = trainings;
  return { core: await core(steps), trainer: await trainer(steps), pipeline: await trainWithPipeline(steps, store) };
}

async function inBase64(store: CheckpointStore): Promise<InNode['run']> {
  const bundles = await Promise.all(
    ['run', 'model'].map(async (bundle) => {
      const files = Object.entries(await store.read(bundle));
      return [bundle, Object.fromEntries(files.map(([file, bytes]) => [file, Buffer.from(bytes).toString('base64')]))] as const;
    }),
  );
  return Object.fromEntries(bundles);
}
