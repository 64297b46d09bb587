import '@tensorflow/tfjs-backend-cpu';
import { disposeParams, type Executor, eager, equals, flatten, type HostArray, memoryStore, type Params } from '@taskloom/core';
import { enableProdMode, memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { evaluateBaseline, loadRun, resume, train } from '../src/index';
import { smallConfig, supportData } from './support';

beforeAll(async () => {
  enableProdMode();
  await setBackend('cpu');
});

const config = { ...smallConfig, training: { ...smallConfig.training, steps: 20 } };
const data = supportData(100);

/** The numbers of a run trained for `steps`, and those that training had after each of the last four. */
async function averaged(average: { after: number; every?: number }, steps: number) {
  const store = memoryStore();
  const path = 'shared/embedding/table';
  const seen: number[][] = [];
  const training = { ...config.training, steps, schedule: 'constant' as const, keepBest: false, average };
  await train(
    { ...config, training },
    {
      store,
      data,
      callbacks: [
        {
          async onBatchEnd(index, _, read) {
            if (index >= steps - 4) seen.push([...flatten<HostArray>((await read()).params as never).get(path)!.data]);
          },
        },
      ],
    },
  );
  const run = await loadRun(store);
  const kept = [
    ...flatten(run.params as unknown as Params)
      .get(path)!
      .dataSync(),
  ];
  run.dispose();
  return { kept, seen };
}

it('keeps the mean of the parameters over the end; in a short run those of the last step', async () => {
  const { kept, seen } = await averaged({ after: 0.5, every: 2 }, 8);
  for (const [i, value] of kept.entries()) expect(value).toBeCloseTo((seen[1]![i]! + seen[3]![i]!) / 2, 6);
  expect(kept).not.toEqual(seen[3]);
  const short = await averaged({ after: 0.9 }, 5);
  expect(short.kept).toEqual(short.seen[3]);
});

describe('train, loadRun', () => {
  it('trains five tasks on two sources without the test split, stores them, and answers in order', async () => {
    const opened: string[] = [];
    const store = memoryStore();
    const before = memory().numTensors;
    const events: string[] = [];
    const result = await train(config, { store, data: supportData(100, opened), onProgress: ({ kind }) => void events.push(kind) });
    expect(opened.filter((path) => path.includes('test'))).toEqual([]);
    expect(opened.filter((path) => path === 'train.jsonl')).toHaveLength(1);
    expect(new Set(events)).toEqual(new Set(['execution', 'data', 'begin', 'step', 'evaluation', 'epoch', 'saved']));
    expect(result.step).toBe(20);
    expect(Object.keys(result.validation!.tasks)).toEqual(['topic', 'sentiment', 'urgency', 'entities', 'duplicate']);
    expect(memory().numTensors).toBe(before);

    const run = await loadRun(store);
    const texts = ['Where is order TL-20931?', 'Thanks, lovely lamp.', 'Where is order TL-20931?'];
    const [first, second, third] = await run.predict(texts, { batchSize: 2 });
    expect(first).toEqual(third);
    expect(first).not.toEqual(second);
    expect(Object.keys(first!)).toEqual(['topic', 'sentiment', 'urgency', 'entities']);
    const [pair] = await run.predict([{ a: 'Where is it?', b: 'My parcel is late' }]);
    expect(Object.keys(pair!)).toEqual(['duplicate']);
    const topic = first!.topic as { label: string; probabilities: { [label: string]: number } };
    expect(Object.values(topic.probabilities).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(topic.probabilities[topic.label]).toBe(Math.max(...Object.values(topic.probabilities)));
    const streamed = [];
    for await (const answer of run.predictMany(texts, { tasks: ['topic'], batchSize: 2 })) streamed.push(answer);
    expect(streamed.map(({ topic: answer }) => answer)).toEqual([first, second, third].map((answer) => answer!.topic));
    await expect(run.predict(['x'], { tasks: ['nothing'] })).rejects.toMatchObject({ code: 'unknown_task' });
    await expect(run.predict([7 as never])).rejects.toMatchObject({ code: 'bad_input' });
    for (const execution of ['eager', 'compiled'] as const) {
      const validation = await run.evaluate('validation', { data, execution });
      expect(validation.mean).toBeCloseTo(result.validation!.mean, 6);
    }
    const compile = vi.fn(eager().compile);
    await run.evaluate('validation', { data, executor: { name: 'own', compile: compile as Executor['compile'] } });
    expect(compile).toHaveBeenCalledOnce();
    await expect(run.evaluate('validation', { data, execution: 'sideways' as never })).rejects.toMatchObject({ code: 'bad_option' });
    run.dispose();
    expect(memory().numTensors).toBe(before);
    await expect(train(config, { store, data })).rejects.toMatchObject({ code: 'run_exists' });
  });

  it('goes on after an interruption to the very same parameters', async () => {
    const [whole, cut] = [memoryStore(), memoryStore()];
    await train(config, { store: whole, data });
    const controller = new AbortController();
    const first = await train(config, {
      store: cut,
      data,
      signal: controller.signal,
      onProgress: (event) => {
        if (event.kind === 'step' && event.step === 7) controller.abort();
      },
    });
    expect(first.interrupted).toBe(true);
    expect(first.step).toBe(7);
    const half = await loadRun(cut);
    expect(half.complete).toBe(false);
    half.dispose();
    const second = await resume({ store: cut, data });
    expect(second.interrupted).toBe(false);
    const [a, b] = [await loadRun(whole), await loadRun(cut)];
    expect(equals(a.params as unknown as Params, b.params as unknown as Params)).toBe(true);
    disposeParams(a.params as unknown as Params);
    b.dispose();
  });

  it.each(['vocabulary', 'hashed bags'])('trains on %s', async (kind) => {
    const store = memoryStore();
    const features = kind === 'vocabulary' ? ({ kind: 'vocabulary', size: 500 } as const) : ({ kind: 'hashed', buckets: 512 } as const);
    const trunk =
      kind === 'vocabulary'
        ? ({ kind: 'transformer', width: 8, layers: 1, heads: 2 } as const)
        : ({ kind: 'bagOfEmbeddings', width: 8 } as const);
    const tasks = kind === 'vocabulary' ? config.tasks : config.tasks.filter(({ head }) => head !== 'tagging');
    await train({ ...config, features, trunk, tasks, training: { steps: 3, batchSize: 8 } }, { store, data });
    const run = await loadRun(store);
    expect(Object.keys((await run.predict(['Where is my order?']))[0]!)).toContain('topic');
    run.dispose();
  });

  it('knows the majority', async () => {
    const { tasks } = await evaluateBaseline(config, 'validation', data);
    expect(tasks.entities!.metrics.spanF1).toBe(0);
    expect(tasks.topic!.metrics.accuracy).toBeGreaterThan(0.05);
    expect(tasks.topic!.metrics.accuracy).toBeLessThan(0.3);
    const chained = config.tasks.map((task) => (task.head === 'tagging' ? { ...task, crf: true } : task));
    const again = await evaluateBaseline({ ...config, tasks: chained }, 'validation', data);
    expect(again.tasks.entities!.metrics).toEqual(tasks.entities!.metrics);
  });
});
