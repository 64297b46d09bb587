import '@tensorflow/tfjs-backend-cpu';
import { memoryStore } from '@taskloom/core';
import { setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Config, evaluate, evaluateBaseline, memoryData, type Row, train } from '../src/index';

beforeAll(() => setBackend('cpu'));

/** Stance towards two topics; the word says it. */
const rows = (counts: readonly [none: number, against: number, favor: number]): Row[] =>
  ['none', 'against', 'favor'].flatMap((label, k) =>
    Array.from({ length: counts[k]! }, (_, i) => ({ text: `${['maybe', 'never', 'always'][k]} ${'abcdefgh'[i % 8]}`, label })),
  );
const data = memoryData({
  'sea.train': rows([8, 4, 4]),
  'sea.test': rows([2, 5, 1]),
  'sky.train': rows([4, 8, 4]),
  'sky.test': rows([3, 3, 2]),
});
const task = (name: string) => ({
  name,
  head: 'classification' as const,
  labels: ['none', 'against', 'favor'],
  data: files(name),
});
const files = (name: string) => ({ train: `${name}.train`, validation: `${name}.train`, test: `${name}.test` });
const config: Config = {
  features: { kind: 'hashed', buckets: 512, characters: false },
  trunk: { kind: 'bagOfEmbeddings', width: 8, dropout: 0 },
  tasks: [
    { ...task('sea'), metrics: ['macroRecall', { f1: 'favor' }] },
    { ...task('sky'), metrics: ['macroF1'] },
  ],
  groups: [{ name: 'stance', tasks: ['sea', 'sky'], metrics: [{ f1: ['against', 'favor'] }, 'accuracy'] }],
  training: { steps: 90, batchSize: 16, learningRate: 0.05, earlyStopping: { metric: 'stance/f1[against,favor]', patience: 50 } },
};

describe('metrics and groups of a config', () => {
  it('judge training, stored runs and the baseline, with intervals on demand', async () => {
    const store = memoryStore();
    const { validation } = await train(config, { store, data });
    expect(Object.keys(validation!.tasks.sea!.metrics)).toEqual(['macroRecall', 'f1[favor]']);
    expect(validation!.groups!.stance!.metrics['f1[against,favor]']).toBe(1);
    expect(validation!.mean).toBe(1);
    const test = await evaluate(store, { split: 'test', data, bootstrap: { samples: 50 } });
    expect(test.groups!.stance).toMatchObject({ rows: 16, tasks: ['sea', 'sky'] });
    expect(test.groups!.stance!.intervals!.accuracy![0]).toBeGreaterThan(0.5);
    expect(test.interval).toHaveLength(2);
  });

  it('give the baseline the numbers one finds by hand', async () => {
    const { tasks, groups, mean } = await evaluateBaseline(config, 'test', data);
    // sea: always none. Recall 1, 0, 0. sky: always against, 3 of 8: its F1 is 2·3/(8 + 3), the others 0.
    expect(tasks.sea!.metrics).toEqual({ macroRecall: expect.closeTo(1 / 3, 12), 'f1[favor]': 0 });
    expect(tasks.sky!.metrics.macroF1).toBeCloseTo(6 / 11 / 3, 12);
    // Together: against has 8 targets, 8 predictions, 3 of them right; favor none.
    expect(groups!.stance!.metrics['f1[against,favor]']).toBeCloseTo((2 * 3) / (8 + 8) / 2, 12);
    expect(groups!.stance!.metrics.accuracy).toBeCloseTo(5 / 16, 12);
    expect(mean).toBe(groups!.stance!.metrics['f1[against,favor]']);
  });

  it('name a label that the training rows do not have', async () => {
    const { labels: _, ...open } = task('sea');
    const wrong: Config = { ...config, tasks: [{ ...open, metrics: [{ f1: 'favour' }] }], groups: undefined, training: { steps: 1 } };
    await expect(train(wrong, { store: memoryStore(), data })).rejects.toThrowError(
      "The metrics of task 'sea' do not fit its labels: 'favour' is none of the labels against, favor, none. Did you mean 'favor'?",
    );
  });

  it('take a text without words', async () => {
    const some = memoryData({
      t: [
        { text: '', label: 'a' },
        { text: 'word', label: 'b' },
      ],
    });
    const { step } = await train(
      { ...config, tasks: [{ name: 't', head: 'classification', data: { train: 't' } }], groups: undefined, training: { steps: 2 } },
      { store: memoryStore(), data: some },
    );
    expect(step).toBe(2);
  });
});
