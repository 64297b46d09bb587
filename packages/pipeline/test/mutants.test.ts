import '@tensorflow/tfjs-backend-cpu';
import { type Files, hostRandom, memoryStore, TaskloomError } from '@taskloom/core';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { loadRun, resolveConfig, train } from '../src/index';
import { smallConfig, supportData } from './support';

beforeAll(async () => {
  enableProdMode();
  await setBackend('cpu');
});

/** One of: a byte changed, a piece cut out, a piece doubled, the end missing, a number in the text made large. */
function mutant(bytes: Uint8Array, number: number): Uint8Array {
  const random = hostRandom(number);
  const [kind, where, what, length] = random.uniform(4) as unknown as [number, number, number, number];
  const at = Math.floor(where * Math.min(bytes.length, 4000));
  const size = 1 + Math.floor(length * 40);
  if (kind < 0.4) {
    const out = bytes.slice();
    out[at] = Math.floor(what * 256);
    return out;
  }
  if (kind < 0.6) return new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + size)]);
  if (kind < 0.7) return new Uint8Array([...bytes.subarray(0, at + size), ...bytes.subarray(at)]);
  if (kind < 0.85) return bytes.slice(0, at);
  const text = new TextDecoder('latin1').decode(bytes).replace(/\d+/, (digits) => `${digits}${Math.floor(what * 1e6)}`);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

it('loads a damaged run or says what is wrong with it, 500 times', async () => {
  const store = memoryStore();
  const tasks = smallConfig.tasks.slice(0, 3);
  await train(
    { ...smallConfig, features: { kind: 'hashed', buckets: 64, characters: false }, tasks, training: { steps: 1, batchSize: 4 } },
    { store, data: supportData(60) },
  );
  const bundles = await Promise.all(['run', 'model'].map(async (name) => [name, await store.read(name)] as const));
  const files = bundles.flatMap(([bundle, contents]) => Object.keys(contents).map((file) => ({ bundle, file })));
  let [refused, slowest] = [0, 0];
  for (let i = 0; i < 500; i++) {
    const { bundle, file } = files[i % files.length]!;
    const damaged = memoryStore();
    for (const [name, contents] of bundles)
      await damaged.write(name, name === bundle ? ({ ...contents, [file]: mutant(contents[file]!, i) } as Files) : contents);
    const began = performance.now();
    try {
      const run = await loadRun(damaged);
      await run.predict(['Where is my order?']);
      run.dispose();
    } catch (error) {
      if (!TaskloomError.isInstance(error)) throw new Error(`Mutant ${i} of ${file}: ${String(error)}`, { cause: error });
      refused++;
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  expect(refused).toBeGreaterThan(200);
  expect(slowest).toBeLessThan(1000);
});

it('resolves a damaged config or says what is wrong with it, 500 times', () => {
  const bytes = new TextEncoder().encode(JSON.stringify(smallConfig));
  for (let i = 0; i < 500; i++) {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(mutant(bytes, i)));
    } catch {
      continue;
    }
    try {
      resolveConfig(value);
    } catch (error) {
      if (!TaskloomError.isInstance(error)) throw error;
      expect(error.code).toBe('bad_config');
    }
  }
});
