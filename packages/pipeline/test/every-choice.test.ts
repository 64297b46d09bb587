import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { balancers } from '../src/balancers';
import { type Config, configSchema } from '../src/index';
import { bagTasks, exercise, type TinyConfig, tinyConfig, tinyData, tinyTasks } from './tiny';

const trained = fileURLToPath(new URL('../../../../shared/data/tokenizers/bert-base-uncased/tokenizer.json.gz', import.meta.url));
if (!existsSync(trained)) console.log('skipped: features of a trained tokenizer.json, for want of ../shared/data/tokenizers');

/** A WordPiece tokeniser of whole words, and of one in two pieces. */
const words = [
  '[UNK]',
  ...'where is my please refund the broken thanks for lovely lamp chair parcel phone table ke ##ttle today now'.split(' '),
];
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
    vocab: Object.fromEntries(words.map((word, i) => [word, i])),
  },
});

beforeAll(async () => {
  enableProdMode();
  await setBackend('cpu');
});

type Joined = Extract<Config['trunk'], { kind: 'joined' }>;
type Encoder = Joined['parts'][string];
const textCNN: Encoder = { kind: 'textCNN', width: 8, widths: [1, 2] };
const filters: Encoder = { kind: 'textCNN', width: 8, widths: [1, 2, 3], filters: 4, pool: 'filters' };
const transformer = { kind: 'transformer', width: 8, layers: 1, heads: 2 } as const;
const recurrent = { kind: 'recurrent', width: 8, units: 6, window: 3 } as const;
const joined = (parts: Joined['parts']): Joined => ({ kind: 'joined', parts: { bag: { kind: 'bagOfEmbeddings', width: 8 }, ...parts } });
const vocabulary = { kind: 'vocabulary', size: 50, minimumCount: 1 } as const;
const tokenizer = { kind: 'tokenizer', file: 'tokenizer.json', perToken: 2 } as const;
const everyHead = Object.keys(tinyTasks) as (keyof typeof tinyTasks)[];

/** Each row differs from the defaults of `tinyConfig` (hashed features, bag of embeddings, sum) in what it names. */
const choices: readonly (readonly [name: string, config: TinyConfig])[] = [
  ...[...balancers.keys()].map((balancer): [string, TinyConfig] => [
    `balancer ${balancer}`,
    // Its few large steps enlarge rounding errors, in which eager and compiled differ.
    { training: { balancer, ...(balancer === 'sdmgrad' ? { balancerOptions: { stepSize: 0.5 } } : {}) } },
  ]),
  ['gradients at shared features', { training: { balancer: 'mgda', balanceAt: 'features' } }],
  ['fixed weights', { tasks: ['topic', { ...tinyTasks.same, weight: 0.5 }] }],
  ['a source a step, averaged, accumulated', { training: { sourcesPerStep: 1, accumulate: 2, ema: 0.5, balancer: 'uncertainty' } }],
  ['hashed, bagOfEmbeddings, every head that it can have', { tasks: bagTasks }],
  ['hashed, textCNN, every head', { tasks: everyHead, trunk: textCNN }],
  ['hashed, transformer, every head', { tasks: everyHead, trunk: transformer }],
  ['hashed, recurrent, every head', { tasks: everyHead, trunk: recurrent }],
  ['vocabulary, bagOfEmbeddings', { features: vocabulary }],
  ['vocabulary, textCNN, tags', { features: vocabulary, trunk: textCNN, tasks: ['topic', 'products'] }],
  ['tags as a chain', { trunk: textCNN, tasks: ['topic', { ...tinyTasks.products, crf: true }] }],
  ['rows of tables, bagOfEmbeddings', { training: { tables: 'touched', clipNorm: 0.5, average: { after: 0.5, every: 1 } } }],
  [
    'rows of tables, by matrix',
    { trunk: { kind: 'bagOfEmbeddings', width: 8, trainBy: 'matrix' }, training: { tables: 'touched', optimizer: 'adam' } },
  ],
  [
    'rows of tables, textCNN, balanced gradients',
    { trunk: textCNN, training: { tables: 'touched', optimizer: 'adagrad', balancer: 'pcgrad' } },
  ],
  [
    'rows of tables, transformer, accumulated',
    { features: vocabulary, trunk: transformer, training: { tables: 'touched', accumulate: 2, sourcesPerStep: 1 } },
  ],
  [
    'rows of tables, conditioned and gated',
    { taskEmbedding: { kind: 'learned', dimension: 4, fusion: 'film' }, gating: { kind: 'mmoe' }, training: { tables: 'touched' } },
  ],
  ['joined: a bag and filters, each a member', { trunk: joined({ filters }), tasks: [{ ...tinyTasks.topic, members: [8, 12] }, 'mood'] }],
  [
    'joined: a bag and a linear model, members each, rows of tables',
    { trunk: joined({ linear: { kind: 'linear' } }), tasks: [{ ...tinyTasks.topic, members: 2 }, 'mood'], training: { tables: 'touched' } },
  ],
  [
    'joined: a bag and a linear model, all options',
    { trunk: joined({ linear: { kind: 'linear', cost: 0.3, scale: 1, bags: { characters: 2 } } }), tasks: ['topic', 'mood'] },
  ],
  [
    'a bag of chosen features, rows of tables',
    {
      features: { kind: 'hashed', buckets: 128, openings: 3 },
      trunk: { kind: 'bagOfEmbeddings', bags: ['openings', 'words'] },
      training: { tables: 'touched' },
    },
  ],
  [
    'joined: a bag, a recurrent part and a linear model, rows of tables',
    {
      trunk: joined({ recurrent, linear: { kind: 'linear' } }),
      tasks: [{ ...tinyTasks.topic, members: [4, 4, 12] }, 'mood'],
      training: { tables: 'touched' },
    },
  ],
  [
    'joined: a bag and a transformer of a vocabulary',
    { trunk: joined({ transformer }), tokenFeatures: vocabulary, tasks: ['topic', 'mood'] },
  ],
  [
    'joined: two encoders of tokens, rows of tables',
    { trunk: { kind: 'joined', parts: { filters, textCNN } } as Joined, training: { tables: 'touched' } },
  ],
  ['joined: bags of a vocabulary, tokens of a tokenizer', { trunk: joined({ textCNN }), features: vocabulary, tokenFeatures: tokenizer }],
  ['tokenizer, bagOfEmbeddings', { features: tokenizer }],
  ['tokenizer, textCNN, running text', { features: tokenizer, trunk: textCNN }],
  ['tokenizer, transformer, tags', { features: tokenizer, trunk: transformer, tasks: ['topic', 'products'] }],
];

describe('every choice of a config trains, resumes to the bit and loads', () => {
  it.each(choices)('%s', async (_, config) => {
    await exercise(tinyConfig(config), tinyData({ 'tokenizer.json': wordPiece }));
  });

  it.skipIf(!existsSync(trained))('a trained tokenizer.json', async () => {
    const text = gunzipSync(readFileSync(trained)).toString();
    const { answers } = await exercise(
      tinyConfig({
        features: tokenizer,
        trunk: { kind: 'bagOfEmbeddings', width: 4 },
        tasks: ['topic'],
        training: { steps: 9, learningRate: 0.1 },
      }),
      tinyData({ 'tokenizer.json': text }),
    );
    expect(answers).toHaveLength(2);
  });

  it('names every choice that the schema has', () => {
    const named = JSON.stringify(choices);
    for (const name of balancers.keys()) expect(named).toContain(`"balancer":"${name}"`);
    const kinds = (key: 'features' | 'trunk') =>
      (configSchema.shape[key].unwrap().options as readonly { readonly shape: { readonly kind: { readonly value: string } } }[]).map(
        ({ shape }) => shape.kind.value,
      );
    const all = JSON.stringify([tinyConfig({}), choices] satisfies [Config, unknown]);
    for (const kind of [...kinds('features'), ...kinds('trunk')]) expect(all).toContain(`"kind":"${kind}"`);
    expect(new Set(Object.values(tinyTasks).map(({ head }) => head)).size).toBe(6);
  });
});
