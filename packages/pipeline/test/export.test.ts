import '@tensorflow/tfjs-backend-cpu';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Files, memoryStore } from '@taskloom/core';
import { enableProdMode, memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Config,
  encoderText,
  exportRun,
  loadRun,
  openExport,
  type PredictInput,
  type Prediction,
  resolveConfig,
  train,
} from '../src/index';
import { bagTasks, type TinyConfig, tinyConfig, tinyData, tinyTasks } from './tiny';

const vocabulary = 'where is my please refund the broken thanks for lovely lamp chair parcel phone table ke ##ttle today now'.split(' ');
const wordPiece = JSON.stringify({
  version: '1.0',
  added_tokens: [],
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'Whitespace' },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(['[UNK]', ...vocabulary].map((word, i) => [word, i])),
  },
});
const data = tinyData({ 'tokenizer.json': wordPiece });
const everyHead = Object.keys(tinyTasks) as (keyof typeof tinyTasks)[];
const textCNN: Config['trunk'] = { kind: 'textCNN', width: 8, widths: [1, 2] };
const bag = { kind: 'bagOfEmbeddings', width: 8 } as const;
const transformer = { kind: 'transformer', width: 8, layers: 1, heads: 2 } as const;

beforeAll(async () => {
  enableProdMode();
  await setBackend('cpu');
});

async function trained(config: TinyConfig) {
  const store = memoryStore();
  await train(tinyConfig({ ...config, training: { steps: 4, evaluateEvery: 4 } }), { store, data, execution: 'eager' });
  return store;
}

/** Same labels, tags, values; numbers within the tolerance. */
function expectAgree(got: readonly Prediction[], wanted: readonly Prediction[], tolerance: number): void {
  const flat = (value: unknown, path = ''): [string, unknown][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, branch]) => flat(branch, `${path}/${name}`))
      : [[path, value]];
  const [mine, theirs] = [flat(got), flat(wanted)];
  expect(mine.map(([path]) => path)).toEqual(theirs.map(([path]) => path));
  for (const [i, [path, value]] of theirs.entries())
    if (typeof value === 'number')
      expect(Math.abs((mine[i]![1] as number) - value), path).toBeLessThanOrEqual(tolerance * (1 + Math.abs(value)));
    else expect(mine[i], path).toEqual([path, value]);
}

const single: PredictInput[] = ['where is my lamp now', '', { tokens: ['lovely', 'kettle'] }, 'please refund '.repeat(20)];
const couples: PredictInput[] = [
  { a: 'where is my lamp', b: 'my lamp is late' },
  { a: 'thanks for the lovely table', b: '?' },
];

const choices: readonly (readonly [string, TinyConfig])[] = [
  ['hashed, bagOfEmbeddings', { tasks: bagTasks }],
  ['hashed, textCNN, every head', { tasks: everyHead, trunk: textCNN }],
  [
    'hashed, transformer, every head',
    { tasks: everyHead, trunk: transformer, features: { kind: 'hashed', buckets: 128, perToken: 4, maxTokens: 32 } },
  ],
  [
    'hashed, recurrent, every head',
    {
      tasks: everyHead,
      trunk: { kind: 'recurrent', width: 8, units: 6, window: 3 },
      features: { kind: 'hashed', buckets: 128, perToken: 4, maxTokens: 32 },
    },
  ],
  ['vocabulary, textCNN', { tasks: ['topic', 'products'], trunk: textCNN, features: { kind: 'vocabulary', minimumCount: 1 } }],
  [
    'tokenizer, transformer',
    { tasks: ['topic', 'same'], trunk: transformer, features: { kind: 'tokenizer', file: 'tokenizer.json', maxTokens: 24 } },
  ],
  [
    'joined: bags, filters of the same features',
    { trunk: { kind: 'joined', parts: { bag, filters: { kind: 'textCNN', width: 8, filters: 3, pool: 'filters' } } } },
  ],
  [
    'joined: a bag and a linear model',
    {
      trunk: { kind: 'joined', parts: { bag, linear: { kind: 'linear' } } },
      tasks: ['topic', { ...tinyTasks.mood, finer: 'topic' }],
    },
  ],
  [
    'joined: a bag and a linear model over bags of their own choice',
    {
      features: { kind: 'hashed', buckets: 128, openings: 2 },
      trunk: {
        kind: 'joined',
        parts: { bag: { ...bag, bags: ['words'] }, linear: { kind: 'linear', bags: { openings: 0.5, words: 1 } } },
      },
      tasks: ['topic', 'mood'],
    },
  ],
  [
    'joined: bags of a vocabulary, tokens of a tokenizer',
    {
      trunk: { kind: 'joined', parts: { bag, transformer } },
      features: { kind: 'vocabulary', minimumCount: 1 },
      tokenFeatures: { kind: 'tokenizer', file: 'tokenizer.json', maxTokens: 24 },
    },
  ],
  ['tags as a chain', { tasks: ['topic', { ...tinyTasks.products, crf: true }], trunk: textCNN }],
  ['pairs only', { tasks: ['same', 'score'] }],
  ['a task token', { tasks: ['topic', 'mood', 'same'], trunk: transformer, taskEmbedding: { kind: 'token' } }],
  [
    'learned task vectors and experts',
    { tasks: ['topic', 'products', 'same'], trunk: textCNN, taskEmbedding: { kind: 'learned' }, gating: { kind: 'mmoe' } },
  ],
];

/** The models of the tests below. */
const models = new Map<string, Uint8Array>();

describe('an exported model answers as its run does', () => {
  it.each(choices)('%s', async (name, config) => {
    const store = await trained(config);
    const before = memory().numTensors;
    const { files, models: made, run: judged } = await exportRun(store, { data, licence: 'CC0-1.0' });
    models.set(name, files['model.onnx']!);
    expect(made).toMatchObject([{ precision: 'fp32', file: 'model.onnx', bytes: files['model.onnx']!.length, agreement: { same: 1 } }]);
    expect(made[0]!.agreement!.largest).toBeLessThan(1e-4);
    for (const [task, { metrics }] of Object.entries(judged!.tasks))
      for (const [name, value] of Object.entries(metrics)) expect(made[0]!.evaluation!.tasks[task]!.metrics[name]).toBeCloseTo(value, 4);
    const [run, exported] = [await loadRun(store), await openExport(files['model.onnx']!, files)];
    try {
      expect(exported.tasks).toEqual(run.tasks);
      expect(exported.metadata.licence).toBe('CC0-1.0');
      const inputs = [...(run.tasks.some(({ pair }) => !pair) ? single : []), ...(run.tasks.some(({ pair }) => pair) ? couples : [])];
      expectAgree(await exported.predict(inputs), await run.predict(inputs), 1e-4);
      expectAgree(await exported.predict(inputs.slice(-1)), await run.predict(inputs.slice(-1)), 1e-4);
      const again: Prediction[] = [];
      for await (const answer of exported.predictMany(inputs, { batchSize: 2 })) again.push(answer);
      expectAgree(again, await run.predict(inputs), 1e-4);
    } finally {
      exported.dispose();
      run.dispose();
    }
    expect(memory().numTensors).toBe(before);
  });
});

it('tells what a joined trunk reads', () => {
  const parts = { bag, transformer, filters: { kind: 'textCNN' } } as const;
  const config = resolveConfig(tinyConfig({ trunk: { kind: 'joined', parts }, tokenFeatures: { kind: 'vocabulary' } }));
  expect(encoderText(config)).toBe(
    'bagOfEmbeddings over hashed features, transformer over vocabulary features, textCNN over vocabulary features',
  );
  expect(encoderText(resolveConfig(tinyConfig({})))).toBe('bagOfEmbeddings over hashed features');
});

describe('the files of an export', () => {
  let files: Files = {};
  beforeAll(async () => {
    const store = await trained({ tasks: everyHead, trunk: textCNN, features: { kind: 'hashed', buckets: 4096, perToken: 4 } });
    ({ files } = await exportRun(store, { data, precisions: ['int8', 'fp32', 'fp16'] }));
    for (const [name, file] of Object.entries(files)) if (name.endsWith('.onnx')) models.set(name, file);
  });

  it('are models in each precision, what it takes to ask them, and a card', () => {
    expect(Object.keys(files).sort()).toEqual([
      'README.md',
      'config.json',
      'features.json',
      'labels.json',
      'model.fp16.onnx',
      'model.int8.onnx',
      'model.onnx',
    ]);
    const whole = files['model.onnx']!.length;
    expect(files['model.fp16.onnx']!.length / whole).toBeLessThan(0.6);
    expect(files['model.int8.onnx']!.length / whole).toBeLessThan(0.45);
    const card = new TextDecoder().decode(files['README.md']);
    for (const part of [
      '**Licence**: not stated',
      '| topic | classification | a text | billing, delivery, feedback |',
      '| products/tags | [texts, time] |',
      'taskloom predict --model model.int8.onnx',
      '100.0 %',
    ])
      expect(card).toContain(part);
  });

  it('of a recurrence over windows agree in int8 too', async () => {
    const store = await trained({
      tasks: ['topic', 'products'],
      trunk: { kind: 'recurrent', width: 32, units: 32, window: 3 },
      features: { kind: 'hashed', buckets: 1024, perToken: 4 },
    });
    const { files: own, models: made } = await exportRun(store, { data, precisions: ['fp32', 'int8'] });
    expect(own['model.int8.onnx']!.length / own['model.onnx']!.length).toBeLessThan(0.45);
    const { largest } = made[1]!.agreement!;
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThan(0.01);
    // What the text says moves the answer by far more.
    const exported = await openExport(own['model.int8.onnx']!, own);
    const answers = await exported.predict(single);
    exported.dispose();
    const billing = answers.map(({ topic }) => (topic as { probabilities: { [label: string]: number } }).probabilities.billing!);
    expect(Math.max(...billing) - Math.min(...billing)).toBeGreaterThan(5 * largest);
  });

  it('belong together: one that is missing or of another export is told', async () => {
    const model = files['model.fp16.onnx']!;
    const { 'labels.json': labels, ...rest } = files;
    await expect(openExport(model, rest)).rejects.toMatchObject({ code: 'not_found', details: { name: 'labels.json' } });
    await expect(
      openExport(model, { ...rest, 'labels.json': labels!.map((byte, i) => (i === 20 ? byte + 1 : byte)) }),
    ).rejects.toMatchObject({
      code: 'file_corrupt',
      details: { name: 'labels.json' },
    });
    await expect(openExport(new Uint8Array(10), files)).rejects.toMatchObject({ code: 'file_corrupt' });
    await expect(openExport(model.slice(0, model.length / 2), files)).rejects.toMatchObject({ code: 'file_corrupt' });
  });

  it('refuses precisions that there are not', async () => {
    await expect(exportRun(memoryStore(), { precisions: ['fp64' as never] })).rejects.toMatchObject({ code: 'bad_option' });
    await expect(exportRun(memoryStore(), { precisions: [] })).rejects.toMatchObject({ code: 'bad_option' });
    await expect(exportRun(memoryStore())).rejects.toMatchObject({ code: 'not_found' });
  });
});

const python = spawnSync('/usr/bin/python3', ['-c', 'import onnx; print(onnx.__version__)'], { encoding: 'utf8' });
const version = python.status === 0 ? python.stdout.trim() : undefined;
it.skipIf(version === undefined)(
  `all of them pass ONNX's checker${version === undefined ? ': skipped, /usr/bin/python3 has no onnx' : ` ${version}`}`,
  () => {
    expect(models.size).toBe(choices.length + 3);
    const folder = mkdtempSync(join(tmpdir(), 'taskloom-checked-'));
    try {
      const files = [...models].map(([name, bytes], i) => {
        const file = join(folder, `${i}.onnx`);
        writeFileSync(file, bytes);
        return { name, file };
      });
      const script = `import onnx, sys
for file in sys.argv[1:]:
    try:
        onnx.checker.check_model(onnx.load(file), full_check=True)
        print('whole')
    except Exception as error:
        print(repr(error))`;
      const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script, ...files.map(({ file }) => file)], { encoding: 'utf8' });
      expect(stderr).toBe('');
      const said = stdout.trim().split('\n');
      expect(files.map(({ name }, i) => [name, said[i]])).toEqual(files.map(({ name }) => [name, 'whole']));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
