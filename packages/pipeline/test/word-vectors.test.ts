import '@tensorflow/tfjs-backend-cpu';
import { disposeParams, flatten, memoryStore, type Params, random } from '@taskloom/core';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildFeatures } from '../src/features';
import { loadRun, type TaskInfo, type TrainResult, train } from '../src/index';
import { buildModel } from '../src/model';
import { readWordVectors } from '../src/word-vectors';
import { exercise, type TinyConfig, tinyConfig, tinyData } from './tiny';

beforeAll(async () => void (await setBackend('cpu')));

const file = ['of 9 9', 'lamp 1 2', 'nowhere 0.5 -3e-1', 'chair 3 4', ''].join('\n');
const data = tinyData({ 'vectors.txt': file });
const frozen = { learningRates: { '**': 0 } };
const vocabulary = { kind: 'vocabulary', minimumCount: 1, vectors: 'vectors.txt' } as const;
const labelsIn = (tasks: readonly TaskInfo[]) => Object.fromEntries(tasks.map(({ name, labels }) => [name, labels]));
const trained = async (config: TinyConfig, from = data) => {
  const store = memoryStore();
  const result: TrainResult = await train(tinyConfig(config), { store, data: from, execution: 'eager' });
  return { store, result };
};

describe('a file of word vectors', () => {
  it('has a word and its numbers in a line, perhaps after two counts', () => {
    const { width, words } = readWordVectors(file, 'v');
    expect(width).toBe(2);
    expect([...words.keys()]).toEqual(['of', 'lamp', 'nowhere', 'chair']);
    expect([...words.get('nowhere')!]).toEqual([0.5, Math.fround(-0.3)]);
    expect(readWordVectors('2 3\r\na 1 2 3\r\n7 4 5 6\r\na 0 0 0', 'v').words.get('a')).toEqual(Float32Array.of(1, 2, 3));
  });

  it.each([
    ['', /no word vectors/],
    ['a', /line 1: this is no word vector.*1 to 4096 numbers/],
    ['a 1 2\nb 1', /line 2.*a word and 2 numbers, got b 1/],
    ['a 1 2\nb 1 two', /line 2/],
    ['a 1 2\nb 1  2', /line 2/],
    ['a 1 Infinity', /line 1/],
  ])('%j is refused', (text, message) => expect(() => readWordVectors(text, 'v')).toThrow(message));
});

describe('embeddings that start from vectors', () => {
  const filters = { kind: 'textCNN', width: 2, widths: [1], filters: 3, pool: 'filters' } as const;
  const bag = { kind: 'bagOfEmbeddings', width: 2 } as const;

  it.each([
    ['tokens', { trunk: filters, features: { ...vocabulary, vectorWords: 3 } }, 'embedding/table'],
    ['bags', { trunk: bag, features: { ...vocabulary, vectorWords: 3 } }, 'embedding/words/table'],
    [
      'tokens beside a hashed bag',
      { trunk: { kind: 'joined', parts: { bag, filters } }, tokenFeatures: { ...vocabulary, vectorWords: 3 } },
      'filters/embedding/table',
    ],
  ] as const)('%s', async (_, config, path) => {
    const before = memory().numTensors;
    const { store } = await trained({ ...(config as unknown as TinyConfig), training: { ...frozen, steps: 2, evaluateEvery: 2 } });
    const run = await loadRun(store);
    try {
      const state = (await store.read('run'))['features.json'];
      const text = JSON.parse(new TextDecoder().decode(state)) as { tokens: string[] | { tokens: string[] } };
      const words = Array.isArray(text.tokens) ? text.tokens : text.tokens.tokens;
      // Words of the training texts by their counts, then the file's first three that are new.
      expect(words.slice(-2)).toEqual(['of', 'nowhere']);
      const table = flatten(run.params.shared as Params).get(path)!;
      expect(table.shape).toEqual([words.length + 2, 2]);
      const rows = table.arraySync() as number[][];
      const rowOf = (word: string) => rows[words.indexOf(word) + 2]!;
      expect([rowOf('of'), rowOf('lamp'), rowOf('chair')]).toEqual([
        [9, 9],
        [1, 2],
        [3, 4],
      ]);
      const { shape } = await buildFeatures(run.config, { state: JSON.parse(new TextDecoder().decode(state)) });
      const drawn = buildModel(run.config, shape, labelsIn(run.tasks)).init(random(run.config.seed).fold('init')) as unknown as Params;
      const others = flatten(drawn).get(`shared/${path}`)!.arraySync() as number[][];
      disposeParams(drawn);
      expect(rowOf('please')).toEqual(others[words.indexOf('please') + 2]);
    } finally {
      run.dispose();
    }
    expect(memory().numTensors).toBe(before);
  });

  it('are trained, cut off, resumed, compiled and answered as others', () =>
    exercise(tinyConfig({ trunk: { kind: 'joined', parts: { bag, filters } } as never, tokenFeatures: vocabulary }), data));

  it('refuses vectors of another width, a missing file, and learning rates of nothing', async () => {
    await expect(trained({ trunk: { ...bag, width: 4 }, features: vocabulary })).rejects.toThrow(/do not fit.*vectors of 4 numbers.*got 2/);
    await expect(trained({ trunk: bag, features: { ...vocabulary, vectors: 'none.txt' } })).rejects.toThrow(/'none.txt'/);
    const others = tinyData({ 'vectors.txt': 'elsewhere 1 2' });
    await expect(trained({ trunk: bag, features: vocabulary }, others)).rejects.toThrow(/none of the words/);
    const { text: _, ...blind } = data;
    await expect(trained({ trunk: bag, features: vocabulary }, blind)).rejects.toThrow(/cannot be read here/);
    const rates = { learningRates: { 'shared/embedding/**': 0.1 } };
    await expect(trained({ trunk: bag, training: { ...rates, tables: 'touched' } })).rejects.toThrow(
      /No parameter matches 'shared\/embedding/,
    );
    await expect(trained({ trunk: bag, training: { learningRates: { 'shared/filters/**': 0.1 } } })).rejects.toThrow(
      /No parameter matches 'shared\/filters\/\*\*'/,
    );
  });
});
