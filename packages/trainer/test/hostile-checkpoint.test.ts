// Checkpoints that a stranger has written over, whole as files: resuming refuses what training would not have left, and leaves no tensor behind.
import '@tensorflow/tfjs-backend-cpu';
import {
  type CheckpointStore,
  disposeParams,
  type HostArray,
  hostArray,
  type LossWeighting,
  memoryStore,
  readSafetensors,
  type StoredArray,
  TaskloomError,
  writeSafetensors,
} from '@taskloom/core';
import { adam } from '@taskloom/core/optimizers';
import { memory as memoryInfo, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fromLosslessJson } from '../src';
import { fit } from '../src/fit';
import type { FitOptions } from '../src/types';
import { toyDataset, toyModel } from './toy';

interface State {
  readonly sums: Float64Array;
  readonly lowest: Float64Array;
  readonly last: Float64Array;
  readonly moves: number;
  readonly window: readonly number[];
}

/** A state of every kind: finite from the start, infinite and NaN until the first loss, a number, a list. */
const remembering: LossWeighting<State> = {
  kind: 'loss-weighting',
  name: 'remembering',
  needs: ['losses'],
  init: (tasks) => ({
    sums: new Float64Array(tasks.length),
    lowest: new Float64Array(tasks.length).fill(Number.POSITIVE_INFINITY),
    last: new Float64Array(tasks.length).fill(Number.NaN),
    moves: 0,
    window: [0, 0],
  }),
  weigh: (losses, state) => ({
    weights: new Float64Array(losses.length).fill(1),
    state: {
      sums: state.sums.map((sum, i) => sum + losses[i]!),
      lowest: state.lowest.map((low, i) => Math.min(low, losses[i]!)),
      last: state.last,
      moves: state.moves + 1,
      window: [state.window[1]!, losses[0]!],
    },
  }),
};

const options = (more: Partial<FitOptions>): FitOptions => ({
  model: toyModel(),
  train: toyDataset('train'),
  validation: toyDataset('validation', { both: 10 }),
  optimizer: adam(),
  learningRate: 0.02,
  steps: 4,
  batchSize: 8,
  checkpointEvery: 2,
  balancer: remembering,
  ...more,
});

type Progress = { progress: { balancing: { state?: unknown }; step: unknown }; setup?: unknown };
type Files = { [name: string]: Uint8Array };
let store: CheckpointStore;
let good: Files;

async function train(more: Partial<FitOptions>) {
  const { params, buffers, best, step, history } = await fit(options(more));
  for (const tree of [params, buffers, best!.params, best!.buffers]) disposeParams(tree);
  return { step, history };
}

/** What resuming says when the only checkpoint is `files`, or the newest beside `others`; all tensors are freed. */
async function resumed(
  files: Files,
  more: Partial<FitOptions> = {},
  others: { readonly [bundle: string]: Files } = {},
): Promise<{ code?: string; details?: TaskloomError['details']; step?: number }> {
  for (const name of await store.list()) await store.remove(name);
  for (const [bundle, own] of Object.entries({ 'checkpoint-4': files, ...others })) await store.write(bundle, own);
  const before = memoryInfo().numTensors;
  const result = await train({ store, resume: true, steps: 6, ...more }).catch((error: unknown) => {
    if (!TaskloomError.isInstance(error)) throw error;
    return { code: error.code, details: error.details };
  });
  expect(memoryInfo().numTensors).toBe(before);
  return result;
}

function withProgress(change: (json: Progress) => unknown): Files {
  const json = JSON.parse(new TextDecoder().decode(good['progress.json']));
  const changed = change(json);
  return { ...good, 'progress.json': new TextEncoder().encode(JSON.stringify(changed === undefined ? json : changed)) };
}

/** The state as it is written, with some fields replaced. */
const withState = (fields: { readonly [name: string]: unknown }) =>
  withProgress(({ progress }) => {
    progress.balancing.state = { ...(progress.balancing.state as object), ...fields };
  });

function withTensor(file: string, path: string, change: (leaf: StoredArray) => HostArray | StoredArray): Files {
  const tensors = new Map<string, HostArray | StoredArray>(readSafetensors(good[file]!).tensors);
  const leaf = readSafetensors(good[file]!).tensors.get(path)!;
  tensors.set(path, change(leaf));
  return { ...good, [file]: writeSafetensors(tensors) };
}

beforeAll(async () => {
  await setBackend('cpu');
});

beforeEach(async () => {
  store = memoryStore();
  await train({ store });
  good = await store.read('checkpoint-4');
});

describe("a balancer's state", () => {
  test('goes on where it has the form that init gives', async () => {
    expect(await resumed(good)).toMatchObject({ step: 6 });
    // Infinite or NaN is allowed only where it began so.
    expect(await resumed(withState({ lowest: { $: 'float64', values: [{ $: 'number', value: 'Infinity' }, 1] } }))).toMatchObject({
      step: 6,
    });
    expect(await resumed(withState({ last: { $: 'float64', values: [3, 4] } }))).toMatchObject({ step: 6 });
  });

  test.each<[string, string, { readonly [name: string]: unknown }]>([
    ['a list for a typed array', 'state.sums', { sums: [1, 2] }],
    ['another type of array', 'state.sums', { sums: { $: 'float32', values: [1, 2] } }],
    ['a task too few', 'state.sums', { sums: { $: 'float64', values: [1] } }],
    ['a million tasks', 'state.sums', { sums: { $: 'float64', values: new Array(1e6).fill(0) } }],
    ['NaN', 'state.sums[1]', { sums: { $: 'float64', values: [1, { $: 'number', value: 'NaN' }] } }],
    ['another infinity', 'state.lowest[0]', { lowest: { $: 'float64', values: [{ $: 'number', value: '-Infinity' }, 1] } }],
    ['text for a number', 'state.moves', { moves: '4' }],
    ['nothing for a number', 'state.moves', { moves: null }],
    ['an infinite number', 'state.moves', { moves: { $: 'number', value: 'Infinity' } }],
    ['a longer list', 'state.window', { window: [1, 2, 3] }],
    ['an object in a list', 'state.window[1]', { window: [1, {}] }],
    ['a field more', 'state', { extra: 1 }],
    ['a field less', 'state', { sums: undefined }],
  ])('with %s is refused', async (_, name, fields) => {
    const refused = await resumed(withState(fields));
    expect(refused).toMatchObject({ code: 'bad_state', details: { name } });
    expect(refused.details!.remedy).toContain('restore()');
  });

  test('is refused whole where it is of no such kind, and where there should be none', async () => {
    for (const state of [null, 7, 'x', [], {}, undefined])
      expect(await resumed(withProgress(({ progress }) => void Object.assign(progress.balancing, { state })))).toMatchObject({
        code: 'bad_state',
      });
    const proto = new TextDecoder().decode(good['progress.json']).replace('"moves"', '"__proto__"');
    expect(await resumed({ ...good, 'progress.json': new TextEncoder().encode(proto) })).toMatchObject({ code: 'bad_state' });
    // The plain sum keeps nothing.
    await store.remove('checkpoint-4');
    await store.remove('checkpoint-2');
    await train({ store, balancer: undefined });
    good = await store.read('checkpoint-4');
    expect(await resumed(good, { balancer: undefined })).toMatchObject({ step: 6 });
    expect(await resumed(withState({ sums: 1 }), { balancer: undefined })).toMatchObject({ code: 'bad_state' });
  });

  test("is the balancer's to check where it has a restore", async () => {
    const growing: LossWeighting<{ readonly losses: readonly number[] }> = {
      kind: 'loss-weighting',
      name: 'remembering',
      needs: ['losses'],
      init: () => ({ losses: [] }),
      restore(saved) {
        const { losses } = saved as { losses?: unknown };
        if (!Array.isArray(losses) || !losses.every(Number.isFinite))
          throw new TaskloomError('bad_state', 'No losses.', { name: 'losses' });
        return { losses };
      },
      weigh: (losses, state) => ({ weights: losses.map(() => 1), state: { losses: [...state.losses, losses[0]!] } }),
    };
    const grown = withProgress(({ progress }) => void Object.assign(progress.balancing, { state: { losses: [1, 2, 3, 4] } }));
    expect(await resumed(grown, { balancer: growing })).toMatchObject({ step: 6 });
    const state = JSON.parse(new TextDecoder().decode((await store.read('checkpoint-6'))['progress.json'])).progress.balancing.state;
    expect(state.losses.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(state.losses).toHaveLength(6);
    expect(await resumed(good, { balancer: growing })).toMatchObject({ code: 'bad_state', details: { name: 'losses' } });
    // Without it, a list that has grown is not what init gives.
    expect(await resumed(grown, { balancer: { ...growing, restore: undefined } })).toMatchObject({
      code: 'bad_state',
      details: { name: 'state.losses' },
    });
  });
});

describe('tensors', () => {
  const kernel = 'params/shared/kernel';
  type Change = (leaf: StoredArray) => HostArray | StoredArray;
  const model = (change: Change) => withTensor('model.safetensors', kernel, change);
  const floats = ({ data }: StoredArray) => Float32Array.from(data as Float32Array);

  test.each<[string, string, Change]>([
    ['of another type', 'int32 [2, 8]', ({ shape }) => hostArray(new Int32Array(16), [...shape])],
    ['of another shape', 'float32 [8, 2]', (leaf) => hostArray(floats(leaf), [8, 2])],
    ['of another size', 'float32 [1]', () => hostArray(Float32Array.of(1))],
  ])('%s are refused', async (_, expected, change) => {
    expect(await resumed(model(change))).toMatchObject({
      code: 'config_changed',
      details: { name: kernel, expected, got: 'float32 [2, 8]' },
    });
  });

  test('that are not finite are refused', async () => {
    const spoilt = model((leaf) => hostArray(floats(leaf).fill(Number.NaN, 3, 4), [2, 8]));
    expect(await resumed(spoilt)).toMatchObject({ code: 'file_corrupt', details: { name: kernel } });
  });

  test('of the best model are checked too', async () => {
    const best = withProgress(({ progress }) => void Object.assign(progress, { step: 2 }));
    const newest = withProgress(({ progress }) => void Object.assign(progress, { stopping: { best: { step: 2, score: 1e9 }, stale: 1 } }));
    const narrow = withTensor('model.safetensors', kernel, (leaf) => hostArray(floats(leaf).slice(0, 8), [2, 4]));
    const beside = (model: Uint8Array) => ({ 'checkpoint-2': { ...best, 'model.safetensors': model } });
    expect(await resumed(newest, {}, beside(best['model.safetensors']!))).toMatchObject({ step: 6 });
    expect(await resumed(newest, {}, beside(narrow['model.safetensors']!))).toMatchObject({
      code: 'config_changed',
      details: { name: kernel },
    });
  });
});

describe('a progress', () => {
  test.each<[string, (json: Progress) => unknown]>([
    ['null', () => null],
    ['a list', () => []],
    ['without a setup', (json) => void delete json.setup],
    ['with a setup of null', (json) => void Object.assign(json, { setup: null })],
    ['of another step', ({ progress }) => void Object.assign(progress, { step: 3 })],
    ['with an unknown number', ({ progress }) => void Object.assign(progress, { step: { $: 'number', value: '4' } })],
  ])('%s is no checkpoint: an older one is taken, and without one nothing begins anew', async (_, change) => {
    const older = withProgress(({ progress }) => void Object.assign(progress, { step: 2 }));
    const starts: number[] = [];
    const callbacks = [{ onTrainBegin: ({ startStep }: { startStep: number }) => void starts.push(startStep) }];
    expect(await resumed(withProgress(change), { callbacks }, { 'checkpoint-2': older })).toMatchObject({ step: 6 });
    expect(starts).toEqual([2]);
    expect(await resumed(withProgress(change))).toMatchObject({ code: 'file_corrupt', details: { name: 'store' } });
  });

  test('reads back only what is written', () => {
    for (const json of [
      { $: 'number', value: '5' },
      { $: 'number', value: ['NaN'] },
      { $: 'object', value: [['a']] },
      { $: 'object', value: [[1, 2]] },
      { $: 'object', value: 'ab' },
      { $: 'float64', values: 'ab' },
      { $: 'float64', values: ['1'] },
      { $: 'int32', values: [0.5] },
      { $: 'uint8', values: [256] },
      { $: 'float32', values: [0.1] },
      { $: 'float64', values: { length: 1e9 } },
      { $: 'toString' },
      { $: 3 },
    ])
      expect(() => fromLosslessJson(json)).toThrowError(expect.objectContaining({ code: 'file_corrupt' }));
  });
});
