import '@tensorflow/tfjs-backend-cpu';
import { memoryStore } from '@taskloom/core';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadRun, train } from '../src/index';
import { smallConfig, supportData } from './support';

beforeAll(async () => {
  await setBackend('cpu');
});

describe('train', () => {
  it('trains five tasks on two sources, stores them, and answers', async () => {
    const opened: string[] = [];
    const store = memoryStore();
    const before = memory().numTensors;
    const events: string[] = [];
    const result = await train(smallConfig, { store, data: supportData(120, opened), onProgress: ({ kind }) => void events.push(kind) });
    expect(memory().numTensors).toBe(before);
    expect(opened.filter((path) => path.includes('test'))).toEqual([]);
    expect(opened.filter((path) => path === 'train.jsonl')).toHaveLength(1);
    expect(result.step).toBe(20);
    expect(Object.keys(result.validation!.tasks)).toEqual(['topic', 'sentiment', 'urgency', 'entities', 'duplicate']);
    const run = await loadRun(store);
    const [answer, other] = await run.predict(['Where is order TL-20931?', { a: 'Where is my parcel?', b: 'My parcel is late' }]);
    console.log(JSON.stringify(answer), JSON.stringify(other), result);
    run.dispose();
    expect(memory().numTensors).toBe(before);
  });
});
