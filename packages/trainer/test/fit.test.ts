import '@tensorflow/tfjs-backend-cpu';
import {
  type Balancer,
  disposeParams,
  equals,
  flatten,
  type GradientBalancer,
  type HostArray,
  jacobianMethod,
  type LossWeighting,
  memoryStore,
  type OfLosses,
  type Scalarization,
  TaskloomError,
} from '@taskloom/core';
import { adam, chain, clipByGlobalNorm, sgd } from '@taskloom/core/optimizers';
import { type FamoState, famo, gradDrop, mConfig, mean, mgda, moco, modo, pcgrad } from '@taskloom/mtl-loss';
import { expectAllClose } from '@taskloom/testing';
import { add, exp, memory as memoryInfo, mul, neg, type Scalar, setBackend, sum, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkpointSteps, readCheckpoint } from '../src/checkpoints';
import { evaluate } from '../src/evaluate';
import { fit } from '../src/fit';
import { roundRobin } from '../src/samplers';
import type { Callback, FeatureFitOptions, FitOptions, FitResult, StepLogs } from '../src/types';
import { toyDataset, toyModel } from './toy';

beforeAll(async () => {
  await setBackend('cpu');
});

const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  model: toyModel(),
  train: toyDataset('train'),
  optimizer: adam(),
  learningRate: 0.02,
  steps: 30,
  batchSize: 16,
  ...more,
});

const release = (...results: FitResult[]) => {
  for (const { params, buffers, best } of results) {
    for (const tree of [params, buffers, ...(best ? [best.params, best.buffers] : [])]) disposeParams(tree);
  }
};

/** L = Σ exp(−sᵢ) Lᵢ + sᵢ */
const uncertain: Scalarization<{ s: Tensor }> = {
  kind: 'scalarization',
  name: 'uncertain',
  needs: ['losses'],
  init: (tasks) => ({ s: zeros([tasks.length]) }),
  total: (losses, { s }, present) => sum(mul(present, add(mul(exp(neg(s)), losses), s))) as Scalar,
};

/** Weights of sum 2 in inverse proportion to a mean of past losses, changed at the end of an epoch. */
const byEpoch: LossWeighting<{ sums: Float64Array; weights: Float64Array }> = {
  kind: 'loss-weighting',
  name: 'by-epoch',
  needs: ['losses'],
  init: (tasks) => ({ sums: new Float64Array(tasks.length), weights: new Float64Array(tasks.length).fill(1) }),
  weigh: (losses, state) => ({ weights: state.weights, state: { ...state, sums: state.sums.map((sum, i) => sum + losses[i]!) } }),
  endEpoch({ sums }) {
    const total = sums.reduce((a, b) => a + 1 / b, 0);
    return { sums: new Float64Array(sums.length), weights: sums.map((sum) => (sums.length * (1 / sum)) / total) };
  },
};

/** Each task's gradient scaled to length 1, remembering how often it was asked. */
const normalised: GradientBalancer<{ calls: number; draws: number }> = {
  kind: 'gradient-balancer',
  name: 'normalised',
  needs: ['gramian'],
  init: () => ({ calls: 0, draws: 0 }),
  weigh: (gramian, state, context) => ({
    weights: Float64Array.from(context.tasks, (_, i) => 1 / Math.max(1e-6, Math.sqrt(gramian[i * context.tasks.length + i]!))),
    state: { calls: state.calls + 1, draws: state.draws + context.uniform('u', 1)[0]! },
  }),
};

/** Weights of sum 2 that move from the task that fell most in a step, by the losses of its rows before and after. */
const paced: LossWeighting<{ logits: Float64Array }> = {
  kind: 'loss-weighting',
  name: 'paced',
  needs: ['losses'],
  init: (tasks) => ({ logits: new Float64Array(tasks.length) }),
  weigh: (_, state) => ({ weights: state.logits.map((logit) => Math.exp(logit)), state }),
  afterStep: (after, { logits }, { losses }) => {
    const moved = logits.map((logit, i) => logit - 0.1 * (losses[i]! - after[i]!));
    const mean = moved.reduce((a, b) => a + b) / moved.length;
    return { logits: moved.map((logit) => logit - mean) };
  },
};

/** The mean of each gradient with the one before, which it carries, as rows on the host. */
const ofRows = jacobianMethod<{ seen: number }>({
  name: 'of-rows',
  needs: ['gradients'],
  rows: true,
  memory: (tasks) => tasks,
  init: () => ({ seen: 0 }),
  step({ rows }, { seen }) {
    const [own, before] = [rows(), rows('memory')];
    const mean = (k: number) => own.reduce((sum, row, i) => sum + (row[k]! + before[i]![k]!) / 2, 0);
    return { update: own[0]!.map((_, k) => mean(k)), memory: own, state: { seen: seen + 1 } };
  },
});

const balancers: { [name: string]: Balancer | undefined } = {
  none: undefined,
  uncertain,
  byEpoch,
  normalised,
  paced,
  gradDrop: gradDrop(),
  moco: moco(),
  modo: modo(),
  mConfig: mConfig(),
  ofRows,
};

const atFeatures: { [name: string]: FeatureFitOptions['balancer'] | undefined } = {
  'mgda at features': mgda(),
  'gradDrop at features': gradDrop({ level: 'representation' }),
};

describe('fit', () => {
  test('learns two tasks, and leaves only its result behind', async () => {
    const before = memoryInfo().numTensors;
    const validation = toyDataset('validation', { both: 100 });
    const result = await fit(options({ steps: 150, validation }));
    expect(result).toMatchObject({ step: 150, interrupted: false, stoppedEarly: false });
    const scores = await evaluate({ model: toyModel(), params: result.params, dataset: validation });
    expect(scores.tasks.side!.rows).toBe(100);
    expect(scores.tasks.value!.rows).toBe(80);
    expect(scores.tasks.side!.metrics.accuracy).toBeGreaterThan(0.93);
    expect(scores.tasks.value!.metrics.pearson).toBeGreaterThan(0.98);
    expect(result.best!.score).toBeGreaterThan(0.95);
    expect(result.history.epochs.length).toBe(15);
    expect(result.history.epochs.at(-1)!.validation!.mean).toBeCloseTo(scores.mean, 5);
    expect(result.effectiveEpochs.both! + result.effectiveEpochs.sides! / 3).toBeCloseTo((150 * 16) / 120, 5);
    release(result);
    expect(memoryInfo().numTensors).toBe(before);
  });

  test.each([...Object.keys(balancers), 'mgda at features', 'gradDrop at features'])(
    'balances by %s, learns, and resumes to the same bits',
    async (name) => {
      const before = memoryInfo().numTensors;
      const make = (more: Partial<FitOptions>) =>
        fit({
          ...options({ steps: 40, balancer: balancers[name], sourcesPerStep: 'all', stepsPerEpoch: 10, ...more }),
          ...(atFeatures[name] ? ({ at: 'features', balancer: atFeatures[name] } as const) : {}),
        } as FitOptions);
      const whole = await make({});
      const store = memoryStore();
      const stop = new AbortController();
      const half = await make({ store, signal: stop.signal, callbacks: [{ onBatchEnd: (batch) => void (batch === 16 && stop.abort()) }] });
      expect(half).toMatchObject({ step: 17, interrupted: true });
      const rest = await make({ store, resume: true });
      expect(rest.step).toBe(40);
      expect(equals(rest.params, whole.params)).toBe(true);
      expect(equals(rest.buffers, whole.buffers)).toBe(true);
      // MoDo's steps see three batches.
      expect([...flatten(whole.buffers)][0]![1].dataSync()[0]).toBe(name === 'modo' ? 120 : 40);
      const losses = (result: FitResult) => result.history.epochs.map(({ loss, losses }) => ({ loss, losses }));
      expect(losses(rest)).toEqual(losses(whole));
      expect(whole.history.epochs.at(-1)!.losses.side!).toBeLessThan(0.7 * whole.history.epochs[0]!.losses.side!);
      release(whole, half, rest);
      expect(memoryInfo().numTensors).toBe(before);
    },
  );

  test('a Jacobian method of rows on the host says how far tasks conflict, as one of inner products does', async () => {
    const inner = mgda();
    const logs = await Promise.all(
      ([undefined, true] as const).map(async (rows) => {
        const balancer = jacobianMethod<null>({
          name: 'own',
          needs: ['gramian'],
          rows,
          init: () => null,
          step: ({ gramian, combine }, state, context) => ({ update: combine(inner.weigh(gramian(0), null, context).weights), state }),
        });
        const seen: StepLogs[] = [];
        release(
          await fit(options({ balancer, sourcesPerStep: 'all', steps: 5, callbacks: [{ onBatchEnd: (_, log) => void seen.push(log) }] })),
        );
        return seen;
      }),
    );
    for (const [i, { conflict, cosines, weights }] of logs[0]!.entries()) {
      const other = logs[1]![i]!;
      expect(other.conflict).toBe(conflict);
      expect(other.cosines!.side!.value).toBeCloseTo(cosines!.side!.value!, 4);
      for (const [task, weight] of Object.entries(weights!)) expect(other.weights![task]).toBeCloseTo(weight, 4);
    }
    expect(logs[0]).toHaveLength(5);
  });

  test('a loss weighting that asks for it learns the losses of the same rows before and after each step', async () => {
    const seen: { before: number[]; after: number[]; present: number[] }[] = [];
    const spy: LossWeighting<null> = {
      kind: 'loss-weighting',
      name: 'spy',
      needs: ['losses'],
      init: () => null,
      weigh: () => ({ weights: Float64Array.of(1, 1), state: null }),
      afterStep: (after, _, { losses, present }) => {
        seen.push({ before: [...losses], after: [...after], present: [...present] });
        return null;
      },
    };
    // Without the trunk's noise, and with the same rows in all steps, what a step ends with is what the next begins with.
    const model = {
      ...toyModel(),
      apply: ((params, input, context) => toyModel().apply(params, input, { ...context, training: false })) as ReturnType<
        typeof toyModel
      >['apply'],
    };
    const train = toyDataset('one', { both: 16 });
    const result = await fit(options({ model, train, optimizer: sgd(), balancer: spy, steps: 6, batchSize: 8, accumulate: 2 }));
    expect(seen).toHaveLength(6);
    for (const [i, { after, present }] of seen.entries()) {
      expect(present).toEqual([1, 1]);
      expect(after).not.toEqual(seen[i]!.before);
      // In another order and in other halves, so that the sums differ in the last bits.
      for (const [t, loss] of (seen[i + 1]?.before ?? after).entries()) expect(loss).toBeCloseTo(after[t]!, 5);
    }
    release(result);
  });

  test('weights known before a step up to its losses are those that wait for them', async () => {
    for (const accumulate of [1, 2]) {
      const { beforehand, ...waits } = famo({ learningRate: 0.5 });
      let calls = 0;
      const ofLosses: OfLosses = (...args) => {
        calls++;
        return (beforehand as OfLosses)(...args);
      };
      const known: LossWeighting<FamoState> = { ...waits, beforehand: ofLosses };
      const [a, b] = [await fit(options({ balancer: known, accumulate })), await fit(options({ balancer: waits, accumulate }))];
      expect(calls).toBeGreaterThan(0);
      for (const [path, leaf] of flatten(a.params as never)) expectAllClose(leaf, flatten(b.params as never).get(path)!, 1e-4);
      release(a, b);
    }
  });

  test('the same seed gives the same bits, another one others', async () => {
    const [a, b, c] = [await fit(options()), await fit(options()), await fit(options({ seed: 1 }))];
    expect(equals(a.params, b.params)).toBe(true);
    expect(equals(a.params, c.params)).toBe(false);
    release(a, b, c);
  });

  test('k micro-batches of equal content give the update of one', async () => {
    // Without the trunk's noise term the two runs see the same rows, in one batch or in two.
    const model = {
      ...toyModel(),
      apply: ((params, { inputs, tasks }, context) =>
        toyModel().apply(params, { inputs, tasks }, { ...context, training: false })) as ReturnType<typeof toyModel>['apply'],
    };
    const shared = { model, train: toyDataset('train', { both: 64 }), optimizer: sgd(), steps: 3, sampler: roundRobin() };
    const one = await fit(options({ ...shared, batchSize: 32 }));
    const two = await fit(options({ ...shared, batchSize: 16, accumulate: 2 }));
    const [x, y] = [flatten(one.params), flatten(two.params)];
    for (const [path, leaf] of x) {
      const other = y.get(path)!.dataSync();
      for (const [i, value] of leaf.dataSync<'float32'>().entries()) expect(other[i]).toBeCloseTo(value, 5);
    }
    release(one, two);
  });

  test('trains what wrt selects and freeze leaves', async () => {
    const start = await fit(options({ steps: 1 }));
    const result = await fit(options({ params: start.params, freeze: ['shared/kernel', 'tasks/side/**'] }));
    const [before, after] = [flatten(start.params), flatten(result.params)];
    const moved = [...before]
      .filter(([path, leaf]) => leaf.dataSync().some((value, i) => value !== after.get(path)!.dataSync()[i]))
      .map(([path]) => path);
    expect(moved).toEqual(['shared/bias', 'tasks/value/bias', 'tasks/value/kernel']);
    release(start, result);
    await expect(fit(options({ wrt: 'nothing/**' }))).rejects.toMatchObject({ code: 'nothing_to_train' });
    await expect(fit(options({ wrt: 'tasks/**', balancer: normalised }))).rejects.toMatchObject({ code: 'nothing_to_train' });
  });

  test('adds auxiliary losses, under every kind of balancer', async () => {
    for (const balancer of [undefined, uncertain, normalised, moco()]) {
      const norm = async (auxiliary: boolean) => {
        const result = await fit(options({ model: toyModel({ auxiliary }), balancer, steps: 10, sourcesPerStep: 'all' }));
        const kernel = flatten(result.params).get('shared/kernel')!.dataSync<'float32'>();
        release(result);
        return kernel.reduce((sum, value) => sum + value * value, 0);
      };
      expect(await norm(true)).not.toBe(await norm(false));
    }
  });

  test('stops early, keeps the best, and says so', async () => {
    const store = memoryStore();
    const result = await fit(
      options({
        steps: 400,
        learningRate: (step) => (step < 20 ? 0.02 : 0),
        validation: toyDataset('v', { both: 50 }),
        evaluateEvery: 10,
        earlyStopping: { patience: 3, metric: 'value/loss' },
        store,
      }),
    );
    expect(result).toMatchObject({ stoppedEarly: true, interrupted: false, step: 50 });
    expect(result.best!.step).toBe(20);
    expect((await readCheckpoint(store, 'best')).step).toBe(20);
    expect(await checkpointSteps(store)).toEqual([50, 40, 20]);
    const again = await fit(
      options({
        steps: 400,
        learningRate: 0,
        validation: toyDataset('v', { both: 50 }),
        evaluateEvery: 10,
        store,
        resume: true,
        earlyStopping: { patience: 3, metric: 'value/loss' },
      }),
    );
    expect(again).toMatchObject({ stoppedEarly: true, step: 50 });
    expect(equals(again.best!.params, result.best!.params)).toBe(true);
    release(result, again);
    await expect(fit(options({ validation: toyDataset('v'), earlyStopping: { metric: 'side/nothing' } }))).rejects.toMatchObject({
      code: 'unknown_metric',
    });
  });

  test('names step and task when a loss is not finite, and keeps the state before it', async () => {
    const store = memoryStore();
    const train = toyDataset('train');
    let calls = 0;
    const poisoned = {
      ...train,
      batch(source: string, rows: Int32Array, size: number) {
        const batch = train.batch(source, rows, size);
        if (++calls === 8) (batch.tasks.value!.target as { data: Float32Array }).data.fill(Number.NaN);
        return batch;
      },
    };
    const before = memoryInfo().numTensors;
    const shared = { store, sampler: roundRobin(), checkpointEvery: 3 };
    const failed = await fit(options({ ...shared, train: poisoned })).catch((error: unknown) => error);
    expect(TaskloomError.isInstance(failed) && failed.code).toBe('diverged');
    expect((failed as TaskloomError).details.name).toBe('value');
    expect((failed as Error).message).toMatch(/'value' is not finite at step 7.*'checkpoint-6'/);
    expect(memoryInfo().numTensors).toBe(before);
    const { step, params } = await readCheckpoint(store, 'newest');
    expect(step).toBe(6);
    for (const leaf of flatten(params).values()) expect(leaf.data.every(Number.isFinite)).toBe(true);
    // On clean data it goes on from there, as if nothing had been.
    const [rest, whole] = [await fit(options({ ...shared, resume: true })), await fit(options({ sampler: roundRobin() }))];
    expect(equals(rest.params, whole.params)).toBe(true);
    release(rest, whole);
    // An update that overflows is found before it is saved.
    const late = await fit(
      options({ optimizer: sgd(), learningRate: (at) => (at === 3 ? 1e39 : 0.01), steps: 4, store: memoryStore() }),
    ).catch((error: unknown) => error);
    expect(late).toMatchObject({ code: 'diverged' });
    expect(memoryInfo().numTensors).toBe(before);
  });

  test('takes the newest checkpoint that is whole', async () => {
    const store = memoryStore();
    release(await fit(options({ steps: 12, store, checkpointEvery: 4 })));
    expect(await checkpointSteps(store)).toEqual([12, 8]);
    const files = await store.read('checkpoint-12');
    const whole = await fit(options({ steps: 16 }));
    for (const [name, bytes] of Object.entries(files)) {
      for (const damaged of [bytes.subarray(0, bytes.length - 9), new Uint8Array(0)]) {
        await store.write('checkpoint-12', { ...files, [name]: damaged });
        const starts: number[] = [];
        const rest = await fit(
          options({
            steps: 16,
            store,
            resume: true,
            keep: 9,
            checkpointEvery: 100,
            callbacks: [{ onTrainBegin: ({ startStep }) => void starts.push(startStep) }],
          }),
        );
        expect(starts).toEqual([8]);
        expect(equals(rest.params, whole.params)).toBe(true);
        release(rest);
        await store.remove('checkpoint-16');
      }
    }
    release(whole);
  });

  test('evaluates and returns moving averages', async () => {
    const store = memoryStore();
    const validation = toyDataset('v', { both: 50 });
    const result = await fit(options({ steps: 40, ema: 0.9, validation, store }));
    const scores = await evaluate({ model: toyModel(), params: result.params, dataset: validation });
    expect(scores.mean).toBeCloseTo(result.history.evaluations.at(-1)!.mean, 6);
    const saved = await readCheckpoint(store, 'newest');
    const average = flatten(saved.params).get('shared/kernel')!.data;
    const raw = flatten(saved.state).get('params/shared/kernel')!.data;
    expect(average).toEqual(flatten(result.params).get('shared/kernel')!.dataSync());
    expect(Array.from(average)).not.toEqual(Array.from(raw));
    const again = await fit(options({ steps: 60, ema: 0.9, validation, store, resume: true }));
    const whole = await fit(options({ steps: 60, ema: 0.9, validation }));
    expect(equals(again.params, whole.params)).toBe(true);
    release(result, again, whole);
  });

  test('evaluates and returns the mean over the end', async () => {
    const store = memoryStore();
    const validation = toyDataset('v', { both: 50 });
    const kernels: number[][] = [];
    const noting: Callback = {
      async onBatchEnd(index, _, readModel) {
        if ([24, 29, 34, 39].includes(index))
          kernels.push([...flatten<HostArray>((await readModel()).params as never).get('shared/kernel')!.data]);
      },
    };
    const average = { from: 20, every: 5 };
    const result = await fit(options({ steps: 40, average, validation, store, evaluateEvery: 40, callbacks: [noting] }));
    const kernel = flatten(result.params).get('shared/kernel')!.dataSync();
    expect(kernels).toHaveLength(4);
    expectAllClose(
      [...kernel],
      kernels[0]!.map((_, i) => kernels.reduce((sum, each) => sum + each[i]! / 4, 0)),
      1e-6,
    );
    const scores = await evaluate({ model: toyModel(), params: result.params, dataset: validation });
    expect(scores.mean).toBeCloseTo(result.history.evaluations.at(-1)!.mean, 6);
    const saved = await readCheckpoint(store, 'newest');
    expect(flatten(saved.params).get('shared/kernel')!.data).toEqual(kernel);
    expect([...flatten(saved.state).get('params/shared/kernel')!.data]).toEqual(kernels[3]);
    const whole = await fit(options({ steps: 60, average }));
    // Cut off before the average begins, and within it.
    for (const steps of [15, 33]) {
      const cut = memoryStore();
      const signal = new AbortController();
      const stop: Callback = { onBatchEnd: (index) => (index === steps - 1 ? signal.abort() : undefined) };
      release(await fit(options({ steps: 60, average, store: cut, checkpointEvery: 100, callbacks: [stop], signal: signal.signal })));
      const again = await fit(options({ steps: 60, average, store: cut, resume: true }));
      expect(again.step).toBe(60);
      expect(equals(again.params, whole.params)).toBe(true);
      release(again);
    }
    const other = fit(options({ steps: 60, average: { from: 20 }, store, resume: true }));
    await expect(other).rejects.toMatchObject({ code: 'config_changed', details: { name: 'average' } });
    await expect(fit(options({ steps: 60, store, resume: true }))).rejects.toMatchObject({ code: 'config_changed' });
    for (const wrong of [{ average: { from: 26 } }, { average: { from: -1 } }, { average: { from: 1, every: 0 } }, { average, ema: 0.9 }])
      await expect(fit(options(wrong))).rejects.toMatchObject({ code: 'bad_option' });
    release(result, whole);
  });

  test('calls back as Keras does', async () => {
    const calls: string[] = [];
    const logs: StepLogs[] = [];
    const spy = new Proxy({} as Callback, {
      get: (_, name: string) => (first: unknown, second: unknown) => {
        calls.push(typeof first === 'number' ? `${name} ${first}` : name);
        if (name === 'onBatchEnd') logs.push(second as StepLogs);
      },
    });
    release(
      await fit(
        options({
          steps: 4,
          stepsPerEpoch: 2,
          evaluateEvery: 2,
          validation: toyDataset('v', { both: 20 }),
          store: memoryStore(),
          callbacks: [spy],
          optimizer: chain(clipByGlobalNorm(1), adam()),
        }),
      ),
    );
    const epoch = (e: number) => [
      `onEpochBegin ${e}`,
      `onBatchBegin ${2 * e}`,
      `onBatchEnd ${2 * e}`,
      `onBatchBegin ${2 * e + 1}`,
      `onBatchEnd ${2 * e + 1}`,
    ];
    const end = (e: number) => [`onTestBegin ${2 * e + 2}`, `onTestEnd ${2 * e + 2}`, `onEpochEnd ${e}`, `onSave ${2 * e + 2}`];
    expect(calls).toEqual(['onTrainBegin', ...epoch(0), ...end(0), ...epoch(1), ...end(1), 'onTrainEnd']);
    expect(logs.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(logs[1]!.rowsPerSecond).toBeGreaterThan(0);
    expect(logs[0]!.gradientNorm).toBeGreaterThan(0);
    expect(logs[3]!.secondsLeft).toBe(0);
  });

  test('refuses what it cannot do', async () => {
    await expect(fit(options({ steps: 0 }))).rejects.toMatchObject({ code: 'bad_option' });
    await expect(fit(options({ train: toyDataset('t', { both: 0 }) }))).rejects.toMatchObject({ code: 'no_rows' });
    await expect(fit(options({ balancer: modo(), accumulate: 2 }))).rejects.toMatchObject({
      code: 'bad_option',
      details: { name: 'accumulate' },
    });
    // @ts-expect-error PCGrad is about gradients of the parameters.
    const unsound: FeatureFitOptions = { ...options({}), at: 'features', balancer: pcgrad() };
    await expect(fit(unsound)).rejects.toMatchObject({ code: 'unsupported' });
    const { parts: _, ...whole } = toyModel();
    await expect(fit({ ...options({ model: whole, steps: 1 }), at: 'features', balancer: mean() })).rejects.toMatchObject({
      code: 'unsupported',
    });
    const store = memoryStore();
    release(await fit(options({ steps: 2, store })));
    await expect(fit(options({ steps: 4, store, resume: true, seed: 'other' }))).rejects.toMatchObject({ code: 'config_changed' });
    await expect(fit(options({ steps: 4, store }))).rejects.toMatchObject({ code: 'store_in_use' });
    const before = memoryInfo().numTensors;
    await expect(fit(options({ steps: 4, store, resume: true, optimizer: sgd() }))).rejects.toMatchObject({ code: 'config_changed' });
    expect(memoryInfo().numTensors).toBe(before);
    const clipped = chain(clipByGlobalNorm(1), adam());
    const other = memoryStore();
    release(
      await fit(options({ steps: 2, store: other, optimizer: clipped })),
      await fit(options({ steps: 4, store: other, resume: true, optimizer: clipped })),
    );
  });
});
