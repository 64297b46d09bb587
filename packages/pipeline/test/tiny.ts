import { equals, flatten, memoryStore, type Params } from '@taskloom/core';
import { memory } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import {
  type Config,
  type DataProvider,
  loadRun,
  memoryData,
  type Prediction,
  type ProgressEvent,
  type Row,
  resume,
  type TrainResult,
  train,
} from '../src/index';

const things = ['lamp', 'chair', 'parcel', 'phone', 'table', 'kettle'];
const moods = [
  ['where is my', 'delivery', 0.1],
  ['please refund the broken', 'billing', 0.9],
  ['thanks for the lovely', 'feedback', 0.4],
] as const;

/** 18 messages with a label for each kind of head (some missing), and 18 pairs. */
const messages: readonly Row[] = Array.from({ length: 18 }, (_, i) => {
  const [start, topic, hurry] = moods[i % 3]!;
  const thing = things[i % things.length]!;
  const tokens = [...start.split(' '), thing, i % 2 === 0 ? 'today' : 'now'];
  return {
    text: tokens.join(' '),
    tokens,
    tags: tokens.map((token) => (token === thing ? 'B-product' : 'O')),
    topic,
    hurry,
    urgency: ['low', 'high', 'normal'][i % 3],
    flags: topic === 'billing' ? ['money', 'angry'] : topic === 'delivery' ? ['angry'] : [],
    ...(i % 5 === 0 ? {} : { mood: topic === 'feedback' ? 'good' : 'bad' }),
  };
});
const pairs: readonly Row[] = messages.map((row, i) => {
  const other = messages[(i * 7 + (i % 2)) % messages.length]!;
  return { a: row.text, b: other.text, same: row.topic === other.topic, score: row.topic === other.topic ? 4 : 1 };
});

export const tinyData = (files: { readonly [path: string]: string } = {}): DataProvider => memoryData({ messages, pairs, ...files });

const [own, two] = [
  { train: 'messages', validation: 'messages' },
  { train: 'pairs', validation: 'pairs' },
];

/** A task for every kind of head. */
export const tinyTasks = {
  topic: { name: 'topic', head: 'classification', data: own, columns: { label: 'topic' } },
  mood: { name: 'mood', head: 'classification', data: own, columns: { label: 'mood' }, hidden: 6 },
  flags: { name: 'flags', head: 'multiLabel', data: own, columns: { label: 'flags' } },
  hurry: { name: 'hurry', head: 'regression', data: own, columns: { label: 'hurry' } },
  urgency: { name: 'urgency', head: 'ordinal', labels: ['low', 'normal', 'high'], data: own, columns: { label: 'urgency' } },
  products: { name: 'products', head: 'tagging', data: own },
  same: { name: 'same', head: 'pairSimilarity', data: two, columns: { label: 'same' } },
  score: { name: 'score', head: 'pairSimilarity', output: 'score', range: [0, 5], data: two, columns: { label: 'score' } },
} satisfies { readonly [name: string]: Config['tasks'][number] };

export type TinyTask = keyof typeof tinyTasks;

/** Those that need no single tokens. */
export const bagTasks: readonly TinyTask[] = ['topic', 'mood', 'flags', 'hurry', 'urgency', 'same', 'score'];

export interface TinyConfig extends Omit<Config, 'tasks'> {
  readonly tasks?: readonly (TinyTask | Config['tasks'][number])[];
}

export function tinyConfig({ tasks = ['topic', 'mood', 'same'], training, ...rest }: TinyConfig): Config {
  return {
    seed: 5,
    features: { kind: 'hashed', characters: [3, 3], buckets: 128, perToken: 4 },
    trunk: { kind: 'bagOfEmbeddings', width: 8, dropout: 0.1 },
    ...rest,
    tasks: tasks.map((task) => (typeof task === 'string' ? tinyTasks[task] : task)),
    training: { steps: 12, batchSize: 6, learningRate: 0.03, schedule: 'constant', evaluateEvery: 12, sourcesPerStep: 'all', ...training },
  };
}

/**
 * What must hold of any config: losses are finite and fall, a run that was cut off ends with the same bits, a compiled training has the same losses, and
 * the loaded run judges and answers as the training did. Returns what it found.
 */
export async function exercise(
  config: Config,
  data = tinyData(),
): Promise<{ result: TrainResult; answers: readonly Prediction[]; paths: readonly string[] }> {
  const before = memory().numTensors;
  const [whole, cut] = [memoryStore(), memoryStore()];
  const losses: number[] = [];
  const sumInto = (list: number[]) => (event: ProgressEvent) => {
    if (event.kind === 'step') list.push(Object.values(event.losses).reduce((a, b) => a + b, 0));
  };
  const result = await train(config, { store: whole, data, execution: 'eager', onProgress: sumInto(losses) });
  expect(losses).toHaveLength(result.step);
  expect(losses.every(Number.isFinite)).toBe(true);
  const mean = (some: readonly number[]) => some.reduce((a, b) => a + b, 0) / some.length;
  expect(mean(losses.slice(-3))).toBeLessThan(0.95 * mean(losses.slice(0, 3)));

  const controller = new AbortController();
  const first = await train(config, {
    store: cut,
    data,
    execution: 'eager',
    signal: controller.signal,
    onProgress: (event) => {
      if (event.kind === 'step' && event.step === Math.ceil(result.step / 3)) controller.abort();
    },
  });
  expect(first.interrupted).toBe(true);
  await resume({ store: cut, data, execution: 'eager' });

  const compiledLosses: number[] = [];
  await train(config, { store: memoryStore(), data, execution: 'compiled', onProgress: sumInto(compiledLosses) });
  expect(compiledLosses).toHaveLength(losses.length);
  for (const [i, loss] of losses.entries()) expect(Math.abs(compiledLosses[i]! - loss)).toBeLessThan(1e-4 * (1 + Math.abs(loss)));

  const [run, resumed] = [await loadRun(whole), await loadRun(cut)];
  try {
    expect(equals(run.params as unknown as Params, resumed.params as unknown as Params)).toBe(true);
    const evaluation = await run.evaluate('validation', { data, execution: 'eager' });
    expect({ tasks: evaluation.tasks, mean: evaluation.mean }).toEqual(result.validation);
    const pair = run.tasks.some((task) => task.pair) ? [{ a: 'where is my lamp', b: 'my lamp is late' }] : [];
    const inputs = ['where is my lamp now', ...pair, { tokens: ['lovely', 'kettle'] }];
    const answers = await run.predict(inputs);
    expect(JSON.stringify(answers)).not.toContain('null');
    expect(new Set(answers.flatMap((answer) => Object.keys(answer)))).toEqual(new Set(run.tasks.map(({ name }) => name)));
    const again: Prediction[] = [];
    for await (const answer of run.predictMany(inputs, { batchSize: 1 })) again.push(answer);
    expect(rounded(again)).toEqual(rounded(answers));
    return { result, answers, paths: pathsOf(run.params as unknown as Params) };
  } finally {
    run.dispose();
    resumed.dispose();
    expect(memory().numTensors).toBe(before);
  }
}

function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, leaf: unknown) => (typeof leaf === 'number' ? Math.round(leaf * 1e4) : leaf)));
}

function pathsOf(tree: Params): string[] {
  return [...flatten(tree).keys()];
}
