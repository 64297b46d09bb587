import { indexedDbStore } from '@taskloom/core/browser';
import { loadRun, type Prediction } from '@taskloom/pipeline';
import { expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { storeContract } from '../../packages/core/test/checkpoint/store-contract';
import { start } from './backends';
import { inputs } from './inputs';

let count = 0;
storeContract('IndexedDB', () => {
  const name = `contract-${count++}`;
  return { store: indexedDbStore(name), again: () => indexedDbStore(name) };
});

it.each(['cpu', 'wasm'] as const)('a run that Node trained predicts from IndexedDB as in Node, on %s', async (backend) => {
  expect(await start(backend)).toBe(true);
  const { files, predictions } = await commands.inNode('run');
  const store = indexedDbStore(`run-${backend}`);
  for (const [bundle, own] of Object.entries(files))
    await store.write(bundle, Object.fromEntries(Object.entries(own).map(([file, text]) => [file, fromBase64(text)])));
  const run = await loadRun(indexedDbStore(`run-${backend}`));
  const found = await run.predict(inputs);
  run.dispose();
  expect(found).toHaveLength(inputs.length);
  for (const [i, prediction] of found.entries()) expectSame(prediction, predictions[i]!);
});

/** The same words, and numbers to 1e-5. */
function expectSame(found: Prediction, expected: Prediction): void {
  const words = (prediction: Prediction) => JSON.stringify(prediction, (_, value) => (typeof value === 'number' ? 0 : value));
  expect(words(found)).toBe(words(expected));
  const inNode = numbers(expected);
  for (const [i, value] of numbers(found).entries()) expect(Math.abs(value - inNode[i]!)).toBeLessThan(1e-5);
}

function numbers(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbers) : [];
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
