import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { type CheckpointStore, memoryStore } from '@taskloom/core';
import { loadRun, type Prediction } from '@taskloom/pipeline';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { enableProdMode, ready, setBackend } from '@tensorflow/tfjs-core';
import { inputs } from './inputs';
import { steps } from './steps';
import { type Level, levels, trainings, trainWithPipeline } from './trainings';

type Files = { readonly [bundle: string]: { readonly [file: string]: string } };

/** What Node finds, for the browser to compare with: losses by backend and level, and a run. */
export type InNode = { readonly [part in `${'cpu' | 'wasm'} ${Level}`]: readonly number[] } & {
  /** That the pipeline trained on wasm, files in base64, and its answers on cpu. */
  readonly run: { readonly files: Files; readonly predictions: readonly Prediction[] };
};

/** Trains in Node, and tells each part as soon as it is there. */
export async function findInNode(tell: (part: Partial<InNode>) => void): Promise<void> {
  enableProdMode();
  setWasmPaths(`${join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist')}/`);
  const store = memoryStore();
  for (const backend of ['cpu', 'wasm'] as const) {
    await start(backend);
    for (const level of levels) {
      const stored = backend === 'wasm' && level === 'pipeline';
      tell({ [`${backend} ${level}`]: await (stored ? trainWithPipeline(steps, store) : trainings[level](steps)) });
    }
  }
  await start('cpu');
  const run = await loadRun(store);
  tell({ run: { files: await inBase64(store), predictions: await run.predict(inputs) } });
  run.dispose();
}

async function start(backend: string): Promise<void> {
  if (!(await setBackend(backend))) throw new Error(`The backend ${backend} does not start in Node.`);
  await ready();
}

async function inBase64(store: CheckpointStore): Promise<Files> {
  const bundles = await Promise.all(
    ['run', 'model'].map(async (bundle) => {
      const files = Object.entries(await store.read(bundle));
      return [bundle, Object.fromEntries(files.map(([file, bytes]) => [file, Buffer.from(bytes).toString('base64')]))] as const;
    }),
  );
  return Object.fromEntries(bundles);
}
