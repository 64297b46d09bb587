import '@tensorflow/tfjs-backend-cpu';
import { memoryStore } from '@taskloom/core';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Config, evaluate, fineTune, loadRun, memoryData, type Row, resolveConfig, train } from '../src/index';
import { exercise, tinyConfig, tinyTasks } from './tiny';

beforeAll(() => setBackend('cpu'));

/** Blue is a third of the skies, red are all roses: at ½, blue is never given. */
const rows: readonly Row[] = Array.from({ length: 60 }, (_, i) => ({
  text: i % 2 === 0 ? 'the sky' : 'the rose',
  labels: i % 2 === 1 ? ['red'] : i % 3 === 0 ? ['blue'] : [],
}));
const data = memoryData({ rows });
type MultiLabel = Extract<Config['tasks'][number], { head: 'multiLabel' }>;
const configOf = (options: Partial<MultiLabel>): Config => ({
  features: { kind: 'hashed', buckets: 256, characters: false, bigrams: false },
  trunk: { kind: 'bagOfEmbeddings', width: 8, dropout: 0 },
  tasks: [
    {
      name: 'colours',
      head: 'multiLabel',
      columns: { label: 'labels' },
      data: { train: 'rows', validation: 'rows', test: 'rows' },
      ...options,
    },
  ],
  training: { steps: 60, batchSize: 30, learningRate: 0.05, evaluateEvery: 30 },
});

async function trained(options: Partial<MultiLabel>) {
  const store = memoryStore();
  const result = await train(configOf(options), { store, data });
  const run = await loadRun(store);
  const [sky, rose] = (await run.predict(['the sky', 'the rose'])) as unknown as { colours: { labels: string[] } }[];
  const { thresholds } = run.model.heads.colours!.config as { thresholds?: number | number[] };
  run.dispose();
  const test = await evaluate(store, { split: 'test', data });
  return { store, result, thresholds, sky: sky!.colours.labels, rose: rose!.colours.labels, test: test.tasks.colours!.metrics };
}

describe('thresholds of several labels', () => {
  it('are ½ unless the config says more', async () => {
    const { thresholds, sky, rose, test } = await trained({});
    expect([thresholds, sky, rose]).toEqual([0.5, [], ['red']]);
    expect(test.macroF1).toBeCloseTo(0.5);
  });

  it('are tuned on the validation rows, stored, and used by predict and evaluate', async () => {
    const { store, thresholds, sky, rose, test, result } = await trained({ thresholds: 'tuned' });
    const [blue, red] = thresholds as [number, number];
    expect(blue).toBeLessThan(0.4);
    expect(red).toBeGreaterThan(blue);
    expect([sky, rose]).toEqual([['blue'], ['red']]);
    // Of 30 skies 10 are blue.
    expect(test.macroF1).toBeCloseTo((20 / 40 + 1) / 2);
    expect(result.validation!.tasks.colours!.metrics).toEqual(test);
    expect(JSON.parse(new TextDecoder().decode((await store.read('model'))['model.json']))).toMatchObject({
      thresholds: { colours: [blue, red] },
    });
  });

  it('stay when a run is tuned further', async () => {
    const { store, thresholds } = await trained({ thresholds: 'tuned' });
    const into = memoryStore();
    await fineTune(store, { into, rows: { colours: [{ text: 'a rose', labels: ['red'] }] }, steps: 2 });
    const run = await loadRun(into);
    expect(run.model.heads.colours!.config).toMatchObject({ thresholds });
    run.dispose();
  });

  it('can be given, one for all or by label', async () => {
    expect(await trained({ thresholds: 0.2 })).toMatchObject({ thresholds: 0.2, sky: ['blue'], rose: ['red'] });
    expect(await trained({ thresholds: { blue: 0.2 } })).toMatchObject({ thresholds: [0.2, 0.5], sky: ['blue'], rose: ['red'] });
  });

  it('are not needed where positives weigh more', async () => {
    expect(await trained({ positiveWeight: { blue: 4 } })).toMatchObject({ thresholds: 0.5, sky: ['blue'], rose: ['red'] });
  });

  it('survive an interruption', async () => {
    const before = memory().numTensors;
    await exercise(tinyConfig({ tasks: ['topic', { ...tinyTasks.flags, thresholds: 'tuned' }] }));
    expect(memory().numTensors).toBe(before);
  });

  it('refuse what cannot be', async () => {
    const { data: files } = tinyTasks.flags;
    const open = { ...configOf({ thresholds: 'tuned', data: { train: files.train } }) };
    expect(() => resolveConfig(open)).toThrow(/tasks\[0\]\.thresholds: Thresholds are tuned on validation rows, and the task has none/);
    expect(() => resolveConfig(configOf({ thresholds: 1 }))).toThrow(/tasks\[0\]\.thresholds: .*<1/);
    await expect(trained({ thresholds: { bleu: 0.2 } })).rejects.toThrow("'bleu' in 'thresholds' is not a label of 'colours'");
    await expect(trained({ positiveWeight: { bleu: 2 } })).rejects.toThrow("'bleu' in 'positiveWeight' is not a label of 'colours'");
  });

  it('of one of several classes are tuned for the first metric', async () => {
    // A sky is grey once in four; to say so at times is worth more to grey's F1 than it costs.
    const skies: readonly Row[] = Array.from({ length: 160 }, (_, i) => ({
      text: i % 2 === 0 ? 'the sky' : 'the rose',
      label: i % 2 === 1 ? 'red' : i % 8 < 2 ? 'grey' : 'blue',
    }));
    const own = memoryData({ skies });
    const answers = async (thresholds?: 'tuned') => {
      const [store, { tasks: _, ...config }] = [memoryStore(), configOf({})];
      const split = { train: 'skies', validation: 'skies', test: 'skies' };
      const task = {
        name: 'colour',
        head: 'classification' as const,
        data: split,
        metrics: [{ f1: 'grey' }],
        ...(thresholds && { thresholds }),
      };
      const { validation } = await train({ ...config, tasks: [task] }, { store, data: own });
      const run = await loadRun(store);
      const [sky, rose] = (await run.predict(['the sky', 'the rose'])) as unknown as { colour: { label: string } }[];
      const { thresholds: found } = run.model.heads.colour!.config as { thresholds?: number[] };
      const test = await run.evaluate('test', { data: own });
      run.dispose();
      expect(test.tasks.colour!.metrics).toEqual(validation!.tasks.colour!.metrics);
      return { store, found, sky: sky!.colour.label, rose: rose!.colour.label, score: test.tasks.colour!.metrics['f1[grey]']! };
    };
    expect(await answers()).toMatchObject({ found: undefined, sky: 'blue', rose: 'red', score: 0 });
    const { store, ...tuned } = await answers('tuned');
    expect(tuned).toMatchObject({ sky: 'grey', rose: 'red' });
    expect(tuned.score).toBeCloseTo(0.4);
    const files = await store.read('model');
    const damaged = JSON.stringify({ step: 60, complete: true, thresholds: { colour: [0, 0.5, 0.5] } });
    await store.write('model', { ...files, 'model.json': new TextEncoder().encode(damaged) });
    await expect(loadRun(store)).rejects.toThrow("do not fit the labels of 'colour'");
  });

  it.each([
    ['too few', { colours: [0.5] }, "do not fit the labels of 'colours'"],
    ['of another task', { smells: [0.5, 0.5] }, "do not fit the labels of 'smells'"],
    ['out of range', { colours: [0.5, 2] }, 'model.json cannot be used'],
  ])('of a damaged run are refused: %s', async (_, thresholds, message) => {
    const { store } = await trained({ thresholds: 'tuned' });
    const files = await store.read('model');
    await store.write('model', {
      ...files,
      'model.json': new TextEncoder().encode(JSON.stringify({ step: 60, complete: true, thresholds })),
    });
    const before = memory().numTensors;
    await expect(loadRun(store)).rejects.toThrowError(
      expect.objectContaining({ code: 'run_corrupt', message: expect.stringContaining(message) }),
    );
    expect(memory().numTensors).toBe(before);
  });
});
