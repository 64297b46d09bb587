import '@tensorflow/tfjs-backend-cpu';
import {
  type Balancer,
  type Combiner,
  disposeParams,
  flatten,
  type GradientBalancer,
  type HostArray,
  hostArray,
  hostRandom,
  type LossWeighting,
  type ModelParts,
  type MultiTaskModel,
  memoryStore,
  type Params,
  random,
  type SparseOptimizer,
  sparseAdagrad,
  sparseAdam,
  sparseSgd,
  type TaskHead,
} from '@taskloom/core';
import { type BagOfEmbeddingsParams, bagOfEmbeddings } from '@taskloom/core/modules';
import { adagrad, adam, chain, clipByGlobalNorm, type Optimizer, sgd } from '@taskloom/core/optimizers';
import { mgda, moco } from '@taskloom/mtl-loss';
import { memory, setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { arrayDataset } from '../src/array-dataset';
import { readCheckpoint } from '../src/checkpoints';
import { fit } from '../src/fit';
import type { FitOptions, FitResult } from '../src/types';
import { head, toyDataset, toyModel } from './toy';

beforeAll(async () => {
  await setBackend('cpu');
});

const sizes = { words: 60, marks: 40 };

/** Two bags with tables of their own, which a step sees pooled or by their rows; two heads. */
function bagModel(pooled?: Combiner): MultiTaskModel {
  const names = ['words', 'marks'];
  const bags = bagOfEmbeddings({ size: sizes, width: 8, bags: names, combiner: pooled ?? 'mean', featureDropout: pooled ? 0 : 0.1 });
  const heads: { [task: string]: TaskHead } = { side: head('classification', 2), value: head('regression', 1) };
  const trunk: MultiTaskModel['trunk'] = {
    config: {},
    tables: { 'words/table': { inputs: ['words'], pooled }, 'marks/table': { inputs: ['marks'], pooled } },
    init: (random) => bags.init(random),
    apply: (params, inputs, context) => ({ pooled: bags.apply(params as BagOfEmbeddingsParams, inputs as never, context) }),
  };
  const parts: ModelParts = {
    features: (params, inputs, context) => trunk.apply(params.shared, inputs, context.child('shared')),
    heads: (params, features, tasks, context) =>
      Object.fromEntries(Object.keys(tasks).map((task) => [task, heads[task]!.apply(params.tasks[task]!, features, context.child(task))])),
  };
  return {
    trunk,
    heads,
    parts,
    config: {},
    init: (random) => ({
      shared: trunk.init(random.fold('shared')),
      tasks: Object.fromEntries(Object.keys(heads).map((task) => [task, heads[task]!.init(random.fold(task))])),
    }),
    apply: (params, { inputs, tasks }, context) => parts.heads(params, parts.features(params, inputs, context), tasks, context),
  };
}

/** The ids of `words` stay below 30, so that half of that table never occurs. */
function bagDataset(seed: string, rows = 90) {
  const ids = (name: string, length: number, below: number, signed: boolean) =>
    hostArray(
      Int32Array.from(
        hostRandom(`${seed}/${name}`).uniform(rows * length),
        (u) => Math.floor(u * (signed ? 2 * below - 1 : below)) - (signed ? below - 1 : 0),
      ),
      [rows, length],
    );
  const words = ids('words', 5, 30, true);
  const value = Float32Array.from({ length: rows }, (_, row) => words.data.slice(5 * row, 5 * row + 5).filter((id) => id > 10).length);
  return arrayDataset({
    all: {
      inputs: { words, marks: ids('marks', 3, sizes.marks, false) },
      tasks: { side: { target: hostArray(Int32Array.from(value, (x) => Number(x > 1))) }, value: { target: hostArray(value) } },
    },
  });
}

const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  model: bagModel(),
  train: bagDataset('train'),
  optimizer: adam(),
  tableOptimizer: sparseAdam(),
  learningRate: 0.05,
  steps: 24,
  batchSize: 8,
  ...more,
});

const valuesOf = ({ params }: FitResult) =>
  new Map([...flatten(params as unknown as Params)].map(([path, leaf]) => [path, [...leaf.dataSync()]]));
const bitsOf = (result: FitResult) => JSON.stringify([...valuesOf(result)]);
const release = (...results: FitResult[]) => {
  for (const { params, buffers, best } of results)
    for (const tree of [params, buffers, ...(best ? [best.params, best.buffers] : [])]) disposeParams(tree);
};

/** Each task's gradient scaled to length 1. */
const normalised: GradientBalancer = {
  kind: 'gradient-balancer',
  name: 'normalised',
  needs: ['gramian'],
  init: () => ({}),
  weigh: (gramian, state, { tasks }) => ({
    weights: Float64Array.from(tasks, (_, i) => 1 / Math.max(1e-6, Math.sqrt(gramian[i * tasks.length + i]!))),
    state,
  }),
};

describe('tables on the host', () => {
  const sums: [string, SparseOptimizer, (clip: boolean) => Optimizer][] = [
    ['sgd', sparseSgd(), (clip) => (clip ? chain(clipByGlobalNorm(0.5), sgd()) : sgd())],
    [
      'adagrad',
      sparseAdagrad({ initialAccumulator: 0.1 }),
      (clip) => (clip ? chain(clipByGlobalNorm(0.5), adagrad({ initialAccumulator: 0.1 })) : adagrad({ initialAccumulator: 0.1 })),
    ],
  ];
  const settings: [string, Partial<FitOptions>][] = [
    ['the sum of losses', {}],
    ['micro-batches', { accumulate: 3, steps: 12 }],
    ['balanced gradients', { balancer: normalised }],
    ['balancing at features', { balancer: mgda(), at: 'features' } as unknown as Partial<FitOptions>],
    ['a clipped gradient', { clipNorm: 0.5 }],
    ['bags pooled beforehand', { model: bagModel('unit') }],
    ['micro-batches of bags pooled beforehand', { model: bagModel('sum'), accumulate: 3, steps: 12, learningRate: 0.01 }],
  ];
  test.each(sums.flatMap((each) => settings.map((setting) => [each[0], setting[0], each[1], each[2], setting[1]] as const)))(
    '%s moves them as whole tables, with %s',
    async (_, __, tableOptimizer, whole, more) => {
      const before = memory().numTensors;
      const [byRows, asOne] = [
        await fit(options({ ...more, optimizer: whole(false), tableOptimizer })),
        await fit(options({ ...more, clipNorm: undefined, optimizer: whole(more.clipNorm !== undefined), tableOptimizer: undefined })),
      ];
      const [a, b] = [valuesOf(byRows), valuesOf(asOne)];
      expect([...a.keys()].sort()).toEqual([...b.keys()].sort());
      for (const [path, values] of a)
        for (const [i, x] of values.entries()) expect(Math.abs(x - b.get(path)![i]!), path).toBeLessThan(2e-5);
      for (const [i, { loss }] of byRows.history.epochs.entries()) expect(loss).toBeCloseTo(asOne.history.epochs[i]!.loss, 4);
      release(byRows, asOne);
      expect(memory().numTensors).toBe(before);
    },
  );

  test('by Adam learn, are evaluated and kept whole, and leave rows that never occur alone', async () => {
    const before = memory().numTensors;
    const start = tidy(() => bagModel().init(random(0).fold('init')));
    const result = await fit(options({ steps: 150, validation: bagDataset('validation') }));
    const { epochs, evaluations } = result.history;
    expect(epochs.at(-1)!.loss).toBeLessThan(0.3 * epochs[0]!.loss);
    expect(evaluations.at(-1)!.tasks.value!.loss).toBeLessThan(evaluations[0]!.tasks.value!.loss);
    const table = (tree: unknown) => [...((tree as { words: { table: Tensor } }).words.table.dataSync() as Float32Array)];
    const [first, last, best] = [table(start.shared), table(result.params.shared), table(result.best!.params.shared)];
    expect(last.slice(30 * 8)).toEqual(first.slice(30 * 8));
    expect(best.slice(30 * 8)).toEqual(first.slice(30 * 8));
    for (let row = 1; row < 30; row++) expect(last.slice(8 * row, 8 * row + 8), String(row)).not.toEqual(first.slice(8 * row, 8 * row + 8));
    release(result);
    disposeParams(start);
    expect(memory().numTensors).toBe(before);
  });

  const settingsOfResumed: { [name: string]: { balancer?: Balancer; pooled?: Combiner } } = {
    plain: {},
    balanced: { balancer: normalised },
    pooled: { pooled: 'unit' },
  };
  test.each(Object.keys(settingsOfResumed))('a resumed run ends with the same bits (%s)', async (name) => {
    const { balancer, pooled } = settingsOfResumed[name]!;
    const common = {
      model: bagModel(pooled),
      balancer: balancer as never,
      validation: bagDataset('validation'),
      evaluateEvery: 6,
      clipNorm: 1,
    };
    const [whole, parts] = [memoryStore(), memoryStore()];
    const straight = await fit(options({ ...common, store: whole }));
    const half = await fit(options({ ...common, steps: 13, store: parts }));
    const { state, params } = await readCheckpoint(parts, 'newest');
    const names = [...flatten<HostArray>(state).keys()];
    expect(names).toContain('tables/mean/shared/words/table');
    expect(names).toContain('tables/variance/shared/marks/table');
    expect(names).toContain('optimizer/mean/tasks/value/kernel');
    expect(names.some((path) => path.startsWith('optimizer/') && path.includes('shared'))).toBe(false);
    expect((params.shared as { words: { table: HostArray } }).words.table.shape).toEqual([sizes.words, 8]);
    const resumed = await fit(options({ ...common, store: parts, resume: true }));
    expect(bitsOf(resumed)).toBe(bitsOf(straight));
    expect(resumed.best!.step).toBe(straight.best!.step);
    expect(bitsOf({ ...resumed, ...resumed.best! })).toBe(bitsOf({ ...straight, ...straight.best! }));
    const [a, b] = [await readCheckpoint(whole, 'newest'), await readCheckpoint(parts, 'newest')];
    const bits = (tree: typeof a.state) => JSON.stringify([...flatten<HostArray>(tree)].map(([path, { data }]) => [path, [...data]]));
    expect(bits(b.state)).toBe(bits(a.state));
    release(straight, half, resumed);
  });

  test('a frozen table is an ordinary parameter', async () => {
    const store = memoryStore();
    const result = await fit(options({ freeze: 'shared/words/**', store }));
    const names = [...flatten<HostArray>((await readCheckpoint(store, 'newest')).state).keys()];
    expect(names).toContain('tables/mean/shared/marks/table');
    expect(names).not.toContain('tables/mean/shared/words/table');
    expect(names).toContain('params/shared/words/table');
    release(result);
  });

  test('callbacks read them with the other parameters', async () => {
    const shapes: string[] = [];
    const result = await fit(
      options({
        steps: 1,
        callbacks: [
          {
            async onBatchEnd(_, __, read) {
              for (const [path, { shape }] of flatten<HostArray>((await read()).params as never)) shapes.push(`${path} ${shape}`);
            },
          },
        ],
      }),
    );
    expect(shapes).toContain('shared/words/table 60,8');
    expect(shapes).toContain('shared/marks/table 40,8');
    release(result);
  });

  test('they are averaged at the end as other parameters are', async () => {
    const seen: number[][] = [];
    const store = memoryStore();
    const average = { from: 4, every: 2 };
    const result = await fit(
      options({
        steps: 8,
        average,
        store,
        callbacks: [
          {
            async onBatchEnd(index, _, read) {
              if (index === 5 || index === 7)
                seen.push([...flatten<HostArray>((await read()).params as never).get('shared/words/table')!.data]);
            },
          },
        ],
      }),
    );
    const table = flatten(result.params).get('shared/words/table')!.dataSync();
    for (const [i, value] of table.entries()) expect(value).toBeCloseTo((seen[0]![i]! + seen[1]![i]!) / 2, 6);
    expect([...table]).not.toEqual(seen[1]);
    const again = await fit(options({ steps: 12, average, store, resume: true }));
    const whole = await fit(options({ steps: 12, average }));
    expect([...flatten(again.params).get('shared/words/table')!.dataSync()]).toEqual([
      ...flatten(whole.params).get('shared/words/table')!.dataSync(),
    ]);
    release(result);
    release(again);
    release(whole);
  });

  test('what they cannot be trained with is refused, and nothing is left', async () => {
    const before = memory().numTensors;
    const paced = { kind: 'loss-weighting', name: 'paced', needs: [], init: () => ({}), weigh: () => 0, afterStep: () => ({}) };
    const code = (name: string) => expect.objectContaining({ code: name });
    await expect(fit(options({ ema: 0.9 }))).rejects.toThrow(code('unsupported'));
    await expect(fit(options({ balancer: moco() }))).rejects.toThrow(code('unsupported'));
    await expect(fit(options({ balancer: paced as unknown as LossWeighting }))).rejects.toThrow(code('unsupported'));
    await expect(fit(options({ clipNorm: 0 }))).rejects.toThrow(code('bad_option'));
    await expect(fit({ ...options(), model: toyModel(), train: toyDataset('train') })).rejects.toThrow(code('unsupported'));
    const stray = bagModel();
    const model = { ...stray, trunk: { ...stray.trunk, tables: { 'letters/table': { inputs: ['letters'] } } } };
    await expect(fit(options({ model }))).rejects.toThrow(code('structure_mismatch'));
    const missing = { ...stray, trunk: { ...stray.trunk, tables: { 'words/table': { inputs: ['letters'] } } } };
    await expect(fit(options({ model: missing }))).rejects.toThrow(code('input_missing'));
    const store = memoryStore();
    release(await fit(options({ steps: 2, store })));
    await expect(fit(options({ store, resume: true, tableOptimizer: undefined }))).rejects.toThrow(code('config_changed'));
    await expect(fit(options({ store, resume: true, tableOptimizer: sparseSgd() }))).rejects.toThrow(code('config_changed'));
    await expect(fit(options({ store, resume: true, model: stray, freeze: 'shared/words/**' }))).rejects.toThrow(code('config_changed'));
    expect(memory().numTensors).toBe(before);
  });
});
