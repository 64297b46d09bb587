import '@tensorflow/tfjs-backend-cpu';
import { type HostBatch, hostArray, hostRandom, type MultiTaskModel, type TaskHead } from '@taskloom/core';
import { argMax, type Scalar, softmax, type Tensor, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { percentiles } from '../src/bootstrap';
import { scoreOf } from '../src/early-stopping';
import { evaluate } from '../src/evaluate';
import { judge } from '../src/judge';
import { metricName, metricOf } from '../src/metrics/registry';
import type { Dataset, EvaluateOptions, TaskOutputs } from '../src/types';

/** Rows whose predictions are given: a task is a list of [target, prediction]. */
type Answers = { readonly [task: string]: readonly (readonly [target: number, prediction: number])[] };

const labels = ['none', 'against', 'favor'];

/** A model that repeats its inputs, one-hot rows: only the judging is under test. */
function parrot(answers: Answers, own: { readonly [task: string]: readonly string[] } = {}) {
  const head = (task: string): TaskHead => ({
    kind: 'classification',
    config: { kind: 'classification', labels: own[task] ?? labels },
    metrics: ['accuracy', 'macroF1'],
    init: () => ({}),
    apply: (_, { pooled }) => pooled,
    loss: () => zeros([]) as Scalar,
    predict: (logits: Tensor) => ({ label: argMax(logits, 1), probabilities: softmax(logits as Tensor) }),
  });
  const heads = Object.fromEntries(Object.keys(answers).map((task) => [task, head(task)]));
  const model: MultiTaskModel = {
    trunk: { config: {}, init: () => ({}), apply: (_, x) => ({ pooled: x as Tensor }) },
    heads,
    config: {},
    init: () => ({ shared: {}, tasks: {} }),
    apply: (_, { inputs, tasks }) =>
      Object.fromEntries(Object.keys(tasks).map((task) => [task, (inputs as { [name: string]: Tensor })[task]!])),
  };
  const dataset: Dataset = {
    sources: Object.entries(answers).map(([task, rows]) => ({ name: task, size: rows.length, tasks: [task] })),
    batch(source, rows, size): HostBatch {
      const inputs: Record<string, ReturnType<typeof hostArray>> = {};
      const tasks: Record<string, HostBatch['tasks'][string]> = {};
      for (const task of Object.keys(answers)) {
        const [logits, target, weight] = [new Float32Array(3 * size), new Int32Array(size), new Float32Array(size)];
        if (task === source)
          rows.forEach((row, i) => {
            const [t, p] = answers[task]![row]!;
            logits[3 * i + p] = 9;
            target[i] = t;
            weight[i] = 1;
          });
        inputs[task] = hostArray(logits, [size, 3]);
        tasks[task] = {
          index: hostArray(Int32Array.from({ length: size }, (_, i) => i)),
          target: hostArray(target),
          weight: hostArray(weight),
        };
      }
      return { inputs, tasks };
    },
  };
  const run = (options: Partial<EvaluateOptions> = {}) =>
    evaluate({ model, params: { shared: {}, tasks: {} }, dataset, batchSize: 4, ...options });
  return Object.assign(run, { heads });
}

// none: 3 targets, of them 2 right; against: 2, 1 right; favor: 1, right. Predicted: none 3, against 1, favor 2.
const six = [
  [0, 0],
  [0, 0],
  [0, 2],
  [1, 1],
  [1, 0],
  [2, 2],
] as const;

describe('chosen metrics', () => {
  test('are what one finds by hand', async () => {
    const { tasks, mean } = await parrot({ a: six })({
      metrics: {
        a: ['macroRecall', 'macroF1', { f1: 'against' }, { f1: ['against', 'favor'] }, { recall: ['none'] }, { precision: 'none' }],
      },
    });
    // F1 = 2·both / (predicted + targets): none 4/6, against 2/3, favor 2/3. Recall 2/3, 1/2, 1.
    expect(Object.keys(tasks.a!.metrics)).toEqual([
      'macroRecall',
      'macroF1',
      'f1[against]',
      'f1[against,favor]',
      'recall[none]',
      'precision[none]',
    ]);
    const [macroRecall, macroF1, one, two, recall, precision] = Object.values(tasks.a!.metrics);
    expect(macroRecall).toBeCloseTo((2 / 3 + 1 / 2 + 1) / 3, 12);
    expect(macroF1).toBeCloseTo(2 / 3, 12);
    expect(one).toBeCloseTo(2 / 3, 12);
    expect(two).toBeCloseTo(2 / 3, 12);
    expect(recall).toBeCloseTo(2 / 3, 12);
    expect(precision).toBeCloseTo(2 / 3, 12);
    expect(mean).toBe(macroRecall);
  });

  test('of a constant answer are what one finds by hand', async () => {
    // 5 × none, 3 × against, 2 × favor, and always "none": recall 1, 0, 0; F1 of none 2·5/(10 + 5).
    const rows = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2].map((target) => [target, 0] as const);
    const { tasks } = await parrot({ a: rows })({
      metrics: { a: ['macroF1', 'macroRecall', { f1: ['against', 'favor'] }, { f1: 'none' }, 'accuracy'] },
    });
    expect(Object.values(tasks.a!.metrics)).toEqual([
      expect.closeTo(2 / 9, 12),
      expect.closeTo(1 / 3, 12),
      0,
      expect.closeTo(2 / 3, 12),
      0.5,
    ]);
  });

  test('are refused where they cannot be', () => {
    expect(metricName({ f1: ['a', 'b'] })).toBe('f1[a,b]');
    expect(() => metricOf({ f1: 'irnoy' }, 'irony', ['no', 'irony'])).toThrowError(/names a label that the task does not have/);
    expect(() => metricOf({ f1: [] }, 'irony', ['no', 'irony'])).toThrowError();
    expect(() => metricOf('f1', 'stance', labels)).toThrowError(/two classes.*has 3/);
    expect(metricOf('f1', 'irony', ['no', 'irony']).twoClasses).toBe(true);
  });

  test('of single labels where a row has several', () => {
    const outputs = {
      kind: 'multiLabel',
      labels: ['x', 'y'],
      batches: [
        {
          target: hostArray(Float32Array.of(1, 0, 1, 1, 0, 1), [3, 2]),
          predictions: { probabilities: hostArray(Float32Array.of(0.9, 0.6, 0.2, 0.7, 0.8, 0.1), [3, 2]) },
        },
      ],
    };
    // x: 1 of 2 targets, 2 predicted. y: 1 of 2, 2 predicted.
    expect(metricOf({ f1: 'x' }, 't', ['x', 'y']).compute(outputs)).toBeCloseTo(0.5, 12);
    expect(metricOf({ recall: ['x', 'y'] }, 't', ['x', 'y']).compute(outputs)).toBeCloseTo(0.5, 12);
  });
});

describe('groups', () => {
  // F1[against,favor]: a has (2·1/(1+1) + 0)/2 = 0.5, b has (0 + 2·1/(3+1))/2 = 0.25; together against 2·1/(1+2), favor 2·1/(3+1).
  const answers: Answers = {
    a: [
      [1, 1],
      [0, 0],
    ],
    b: [
      [2, 2],
      [1, 2],
      [0, 2],
    ],
    c: [
      [0, 0],
      [1, 0],
    ],
  };
  const metrics = [{ f1: ['against', 'favor'] }] as const;

  test('judge predictions put together, not the mean of the tasks', async () => {
    const { tasks, groups, mean } = await parrot(answers)({
      metrics: { a: metrics, b: metrics },
      groups: [{ name: 'both', tasks: ['a', 'b'] }],
    });
    expect(tasks.a!.metrics['f1[against,favor]']).toBeCloseTo(0.5, 12);
    expect(tasks.b!.metrics['f1[against,favor]']).toBeCloseTo(0.25, 12);
    const expected = (2 / 3 + 1 / 2) / 2;
    expect(groups!.both).toMatchObject({ rows: 5, tasks: ['a', 'b'], metrics: { 'f1[against,favor]': expect.closeTo(expected, 12) } });
    // The group counts once, its tasks do not: c's accuracy is ½.
    expect(mean).toBeCloseTo((expected + 0.5) / 2, 12);
    expect(scoreOf({ tasks, groups, mean }, 'both/f1[against,favor]')).toBeCloseTo(expected, 12);
  });

  test('equal one task with all rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })), { minLength: 2, maxLength: 30 }),
        fc.nat(),
        async (rows, cut) => {
          const at = 1 + (cut % (rows.length - 1));
          const chosen = ['macroF1', 'macroRecall', ...metrics];
          const split = await parrot({ a: rows.slice(0, at), b: rows.slice(at) })({
            groups: [{ name: 'g', tasks: ['a', 'b'], metrics: chosen }],
          });
          const whole = await parrot({ a: rows })({ metrics: { a: chosen } });
          expect(split.groups!.g!.metrics).toEqual(whole.tasks.a!.metrics);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('are judged alike from outputs that two models gave', async () => {
    const groups = [{ name: 'both', tasks: ['a', 'b'], metrics }];
    const outputs: Record<string, TaskOutputs> = {};
    const [a, b] = [parrot({ a: answers.a! }), parrot({ b: answers.b! })];
    for (const run of [a, b]) await run({ onOutputs: (task, found) => (outputs[task] = found) });
    const judged = judge({ heads: { ...a.heads, ...b.heads }, outputs, groups, bootstrap: { samples: 20 } });
    const one = await parrot({ a: answers.a!, b: answers.b! })({ groups, bootstrap: { samples: 20 } });
    expect(judged.groups!.both!.metrics).toEqual(one.groups!.both!.metrics);
    expect(judged.tasks.a!.metrics).toEqual(one.tasks.a!.metrics);
    expect([judged.mean, judged.interval]).toEqual([one.mean, one.interval]);
    expect(judged.tasks.a).toMatchObject({ rows: 2, loss: Number.NaN });
  });

  test('are refused where their tasks do not match', async () => {
    const run = (groups: EvaluateOptions['groups'], own = {}) => parrot(answers, own)({ groups });
    await expect(run([{ name: 'a', tasks: ['b'] }])).rejects.toThrowError(/this name exists/);
    await expect(run([{ name: 'g', tasks: ['a', 'z'] }])).rejects.toThrowError(/no task 'z'/);
    await expect(
      run([
        { name: 'g', tasks: ['a', 'b'] },
        { name: 'h', tasks: ['b', 'c'] },
      ]),
    ).rejects.toThrowError(/'b' is in 'g' already/);
    await expect(run([{ name: 'g', tasks: ['a', 'b'] }], { b: ['none', 'favor', 'against'] })).rejects.toThrowError(
      /labels of 'a' and 'b' differ/,
    );
    await expect(run([{ name: 'g', tasks: [] }])).rejects.toThrowError(/no task/);
  });
});

describe('bootstrap intervals', () => {
  const rows = (seed: string, size: number, right: number): (readonly [number, number])[] => {
    const random = hostRandom(seed);
    const targets = random.fold('targets').uniform(size);
    return Array.from(random.fold('right').uniform(size), (u, i) => {
      const target = Math.floor(3 * targets[i]!);
      return [target, u < right ? target : (target + 1) % 3] as const;
    });
  };

  test('are the same for the same seed, others for another', async () => {
    const run = (seed: number) => parrot({ a: rows('x', 60, 0.7), b: rows('y', 40, 0.5) })({ bootstrap: { samples: 100, seed } });
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).toEqual(first);
    expect(other.interval).not.toEqual(first.interval);
    expect(first.tasks.a!.intervals!.accuracy![0]).toBeLessThan(first.tasks.a!.metrics.accuracy!);
    expect(first.tasks.a!.intervals!.accuracy![1]).toBeGreaterThan(first.tasks.a!.metrics.accuracy!);
    // The mean over two tasks varies less than either.
    const width = ([low, high]: readonly [number, number]) => high - low;
    expect(width(first.interval!)).toBeLessThan(width(first.tasks.b!.intervals!.accuracy!));
  });

  test('shrink to a point where all is right', async () => {
    const all = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2].map((k) => [k, k] as const);
    const { tasks, groups, interval } = await parrot({ a: all, b: all })({
      groups: [{ name: 'g', tasks: ['a', 'b'], metrics: ['accuracy'] }],
      bootstrap: { samples: 50 },
    });
    expect([tasks.a!.intervals!.accuracy, groups!.g!.intervals!.accuracy, interval]).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  test('give a task alone in a group its own interval', async () => {
    const own = await parrot({ a: rows('x', 50, 0.6) })({
      groups: [{ name: 'g', tasks: ['a'], metrics: ['accuracy'] }],
      bootstrap: { samples: 80 },
    });
    expect(own.groups!.g!.intervals!.accuracy).toEqual(own.tasks.a!.intervals!.accuracy);
    expect(own.interval).toEqual(own.tasks.a!.intervals!.accuracy);
  });

  test('cover the truth about as often as they say', async () => {
    let covered = 0;
    const trials = 100;
    for (let trial = 0; trial < trials; trial++) {
      const { tasks } = await parrot({ a: rows(`trial ${trial}`, 80, 0.7) })({
        metrics: { a: ['accuracy'] },
        bootstrap: { samples: 100, seed: trial },
        batchSize: 80,
      });
      const [low, high] = tasks.a!.intervals!.accuracy!;
      covered += Number(low <= 0.7 && 0.7 <= high);
    }
    expect(covered / trials).toBeGreaterThan(0.88);
    expect(covered / trials).toBeLessThan(1);
  });

  test('interpolate between order statistics, without what is not finite', () => {
    const [low, high] = percentiles(
      Float64Array.from({ length: 101 }, (_, i) => 100 - i),
      0.95,
    )!;
    expect(low).toBeCloseTo(2.5, 9);
    expect(high).toBeCloseTo(97.5, 9);
    expect(percentiles(Float64Array.of(Number.NaN, 3), 0.95)).toEqual([3, 3]);
    expect(percentiles(Float64Array.of(Number.NaN), 0.95)).toBeUndefined();
  });
});
