import '@tensorflow/tfjs-backend-cpu';
import { memoryStore } from '@taskloom/core';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { fineTune, loadRun, type Prediction, train } from '../src/index';
import { smallConfig, supportData } from './support';

const store = memoryStore();
const text = 'Please paint my bicycle blue.';
const rows = {
  topic: [
    'Please paint my bicycle blue.',
    'Could you paint a table?',
    'Is painting possible?',
    'Paint it red, please.',
    'I want it painted.',
  ].map((example) => ({ text: example, topic: 'feedback' })),
};

beforeAll(async () => {
  await setBackend('cpu');
  await train(smallConfig, { store, data: supportData(100) });
});

async function answersOf(run: Promise<Awaited<ReturnType<typeof loadRun>>>): Promise<Prediction> {
  const loaded = await run;
  const [answer] = await loaded.predict([text]);
  loaded.dispose();
  return answer!;
}

const chance = (answer: Prediction) => (answer.topic as { probabilities: { [label: string]: number } }).probabilities.feedback!;

it('learns five rows into another store, and leaves the first as it was', async () => {
  const into = memoryStore();
  const before = await answersOf(loadRun(store));
  const [files, tensors] = [await store.read('model'), memory().numTensors];
  const losses: number[] = [];
  const options = {
    into,
    rows,
    steps: 15,
    learningRate: 0.01,
    callbacks: [{ onBatchEnd: (_: number, { loss }: { loss: number }) => void losses.push(loss) }],
  };
  expect(await fineTune(store, options)).toEqual({ steps: 15, interrupted: false });
  expect(memory().numTensors).toBe(tensors);
  expect(losses).toHaveLength(15);
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  expect(chance(await answersOf(loadRun(into)))).toBeGreaterThan(chance(before) + 0.2);
  expect(await store.read('model')).toEqual(files);
  expect(await answersOf(loadRun(store))).toEqual(before);
});

it('keeps what is frozen', async () => {
  const into = memoryStore();
  await fineTune(store, { into, rows, steps: 5, wrt: 'tasks/topic/**' });
  const [before, after] = [await answersOf(loadRun(store)), await answersOf(loadRun(into))];
  expect(after.topic).not.toEqual(before.topic);
  for (const task of ['sentiment', 'urgency', 'entities']) expect(after[task]).toEqual(before[task]);
});

it('stores nothing when it is stopped, or when it cannot use the rows', async () => {
  const into = memoryStore();
  expect(await fineTune(store, { into, rows, signal: AbortSignal.abort() })).toEqual({ steps: 0, interrupted: true });
  await expect(fineTune(store, { into, rows: { topics: rows.topic } })).rejects.toMatchObject({ code: 'unknown_task' });
  await expect(fineTune(store, { into, rows: { topic: [] } })).rejects.toMatchObject({ code: 'bad_data' });
  await expect(fineTune(store, { into, rows: { topic: [{ text, topic: 'painting' }] } })).rejects.toMatchObject({ code: 'bad_data' });
  expect(await into.list()).toEqual([]);
});
