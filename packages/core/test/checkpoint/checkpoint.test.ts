import '@tensorflow/tfjs-backend-cpu';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memory, setBackend, tensor } from '@tensorflow/tfjs-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bestCheckpoint, newestCheckpoint, readCheckpoint, saveCheckpoint } from '../../src/checkpoint';
import type { CheckpointStore } from '../../src/checkpoint-store';
import { hostArray } from '../../src/host-array';
import { folderStore } from '../../src/node';
import { memoryStore } from '../../src/stores/memory';

const core = fileURLToPath(new URL('../..', import.meta.url));
// Inside the package, so that the bundle of the child finds tfjs.
const root = await mkdtemp(join(core, 'node_modules', '.checkpoints-'));
afterAll(() => rm(root, { recursive: true, force: true }));
beforeAll(async () => void (await setBackend('cpu')));

const code = (name: string) => expect.objectContaining({ code: name });
const trees = (value: number) => ({ params: { dense: { kernel: hostArray(Float32Array.of(value, value)) } } });

describe('checkpoints', () => {
  it('come back as they were, from host arrays and from tensors', async () => {
    const store = memoryStore();
    const kernel = tensor([
      [1, 2],
      [3, 4],
    ]);
    const before = memory().numTensors;
    await saveCheckpoint(store, {
      step: 7,
      trees: {
        params: { dense: { kernel } },
        optimizer: { mean: { dense: { kernel: hostArray(Float32Array.of(0.5)) } }, empty: {} },
        none: {},
      },
      state: { seed: 'a', order: [3, 1], nested: { deep: null } },
    });
    expect(memory().numTensors).toBe(before);
    const back = await newestCheckpoint(store);
    expect(back).toEqual({
      step: 7,
      trees: {
        params: { dense: { kernel: hostArray(Float32Array.of(1, 2, 3, 4), [2, 2]) } },
        optimizer: { mean: { dense: { kernel: hostArray(Float32Array.of(0.5)) } } },
        none: {},
      },
      state: { seed: 'a', order: [3, 1], nested: { deep: null } },
      score: undefined,
      best: undefined,
    });
  });

  it('keep the newest few and the best', async () => {
    const store = memoryStore();
    expect(await newestCheckpoint(store)).toBeUndefined();
    expect(await bestCheckpoint(store)).toBeUndefined();
    await store.write('run', {});
    const scores = [0.1, 0.9, 0.3, 0.2, undefined, 0.4];
    for (const [i, score] of scores.entries())
      await saveCheckpoint(store, { step: i * 5, trees: trees(i), score }, { keep: 2, best: 'highest' });
    expect(await store.list()).toEqual(['checkpoint-20', 'checkpoint-25', 'checkpoint-5', 'run']);
    expect((await newestCheckpoint(store))?.step).toBe(25);
    expect(await bestCheckpoint(store)).toMatchObject({ step: 5, score: 0.9, trees: trees(1) });
    await saveCheckpoint(store, { step: 30, trees: trees(6), score: 0.05 }, { keep: 1, best: 'lowest' });
    expect(await store.list()).toEqual(['checkpoint-30', 'run']);
  });

  it('fall back past damaged ones', async () => {
    const path = join(root, 'damaged');
    const store = folderStore(path);
    for (let step = 1; step <= 3; step++) await saveCheckpoint(store, { step, trees: trees(step) });
    await writeFile(
      join(path, 'checkpoint-3', 'params.safetensors'),
      new Uint8Array((await readFile(join(path, 'checkpoint-3', 'params.safetensors'))).length),
    );
    await rm(join(path, 'checkpoint-2', 'checkpoint.json'));
    expect(await newestCheckpoint(store)).toMatchObject({ step: 1, trees: trees(1) });
    await expect(readCheckpoint(store, 3)).rejects.toThrow(code('file_corrupt'));
    await expect(readCheckpoint(store, 9)).rejects.toThrow(code('not_found'));
  });

  it('are refused where they are not sound', async () => {
    const store = memoryStore();
    const json = (text: string) => ({ 'checkpoint.json': new TextEncoder().encode(text) });
    for (const text of [
      '',
      '{}',
      '[]',
      'null',
      '{"formatVersion":1}',
      '{"formatVersion":1,"trees":["params"]}',
      '{"formatVersion":1,"trees":[1]}',
      '{"formatVersion":1,"trees":["__proto__"]}',
    ]) {
      await store.write('checkpoint-1', json(text));
      await expect(readCheckpoint(store, 1)).rejects.toThrow(code('file_corrupt'));
      expect(await newestCheckpoint(store)).toBeUndefined();
    }
    await store.write('checkpoint-1', json('{"formatVersion":2,"trees":[]}'));
    await expect(newestCheckpoint(store)).rejects.toThrow(code('unsupported_version'));
    await expect(saveCheckpoint(store, { step: -1, trees: {} })).rejects.toThrow(code('bad_option'));
    await expect(saveCheckpoint(store, { step: 1, trees: {} }, { keep: 0 })).rejects.toThrow(code('bad_option'));
    await expect(saveCheckpoint(store, { step: 1, trees: {}, state: { loss: Number.NaN } })).rejects.toThrow(code('bad_option'));
    await expect(saveCheckpoint(store, { step: 1, trees: { 'a/b': {} } })).rejects.toThrow(code('bad_name'));
  });

  it('are good after each of 20 kills', { timeout: 300_000 }, async () => {
    const entry = join(root, 'entry.ts');
    const at = (file: string) => JSON.stringify(join(core, 'src', file));
    await writeFile(
      entry,
      `export { newestCheckpoint, saveCheckpoint } from ${at('checkpoint.ts')};\nexport { folderStore } from ${at('node.ts')};\n`,
    );
    await build({
      configFile: false,
      logLevel: 'error',
      build: { ssr: entry, outDir: join(root, 'built'), rolldownOptions: { output: { entryFileNames: 'core.mjs' } } },
    });
    const path = join(root, 'killed');
    await writeFile(join(root, 'child.mjs'), child);
    const store: CheckpointStore = folderStore(path);
    let newest = -1;
    let leftovers = 0;
    for (let kill = 0; kill < 20; kill++) {
      await killedAfter(join(root, 'child.mjs'), path, (kill * 37) % 120);
      leftovers += (await readdir(path)).filter((name) => name.startsWith('.')).length;
      const found = await newestCheckpoint(folderStore(path));
      expect(found, `after kill ${kill}`).toBeDefined();
      expect(found!.step).toBeGreaterThan(newest);
      newest = found!.step;
      const { data } = found!.trees.params!.x as { data: Float32Array };
      expect(data.length).toBe(100_000);
      expect(data.every((x) => x === newest)).toBe(true);
      // The bundle that is written over again and again is the old one or the new one.
      const run = (await store.read('run'))['run.json']!;
      expect(new Set(run).size).toBe(1);
    }
    // The kills did hit writes.
    expect(leftovers).toBeGreaterThan(0);
  });
});

/** Goes on from the newest checkpoint, writing one after another, and the bundle `run` over and over. */
const child = `
import { folderStore, newestCheckpoint, saveCheckpoint } from './built/core.mjs';
const store = folderStore(process.argv[2]);
for (let step = ((await newestCheckpoint(store))?.step ?? -1) + 1; ; step++) {
  const x = { shape: [100000], dtype: 'float32', data: new Float32Array(100000).fill(step) };
  await store.write('run', { 'run.json': new Uint8Array(200000).fill(step % 256) });
  await saveCheckpoint(store, { step, trees: { params: { x } } }, { keep: 2 });
  process.stdout.write('.');
}
`;

/** Starts the child and kills it \`delay\` milliseconds after its first checkpoint. */
function killedAfter(script: string, path: string, delay: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    process_.stderr.on('data', (data) => {
      complaint += data;
    });
    process_.stdout.once('data', () => setTimeout(() => process_.kill('SIGKILL'), delay));
    process_.on('exit', (_, signal) => (signal === 'SIGKILL' ? resolve() : reject(new Error(complaint))));
  });
}
