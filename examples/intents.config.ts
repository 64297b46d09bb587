import { defineConfig } from 'taskloom';

// Four public intent and question sets, one model with four heads. The paths lead to the shared data beside the repository:
//   taskloom train --config examples/intents.config.ts
//   taskloom evaluate --run runs/intents --split test
const data = '../../shared/data';

/** Three over the bag, each its own third of it, and three over the filters, those of one width each. */
const members = [64, 64, 64, 128, 128, 128];

export default defineConfig({
  name: 'intents',
  seed: 1,
  features: { kind: 'hashed', bigrams: true, characters: [2, 5], start: true, acrossWords: true, buckets: 16_384, maxTokens: 64 },
  tokenFeatures: { kind: 'hashed', characters: [2, 4], buckets: 16_384, perToken: 16, maxTokens: 32 },
  trunk: {
    kind: 'joined',
    parts: {
      bag: { kind: 'bagOfEmbeddings', width: 3 * 64, combiner: 'unit', featureDropout: 0.5, dropout: 0, trainBy: 'matrix' },
      filters: { kind: 'textCNN', width: 128, widths: [1, 2, 3], filters: 128, pool: 'filters', dropout: 0.3 },
    },
  },
  tasks: [
    {
      name: 'clinc150',
      head: 'classification',
      members,
      data: {
        train: [`${data}/clinc150/train.jsonl.gz`, `${data}/clinc150/oos_train.jsonl.gz`],
        validation: [`${data}/clinc150/val.jsonl.gz`, `${data}/clinc150/oos_val.jsonl.gz`],
        test: [`${data}/clinc150/test.jsonl.gz`, `${data}/clinc150/oos_test.jsonl.gz`],
      },
    },
    {
      name: 'banking77',
      head: 'classification',
      members,
      // Neither of these two has a validation file; `validation: 0.1` holds out a tenth, as when the settings were chosen.
      data: { train: `${data}/banking77/train.jsonl.gz`, test: `${data}/banking77/test.jsonl.gz` },
    },
    {
      name: 'snips',
      head: 'classification',
      members,
      columns: { tokens: 'tokens' },
      data: { train: `${data}/snips/train.jsonl.gz`, validation: `${data}/snips/val.jsonl.gz`, test: `${data}/snips/test.jsonl.gz` },
    },
    {
      name: 'trec',
      head: 'classification',
      members,
      data: { train: `${data}/trec/train.jsonl.gz`, test: `${data}/trec/test.jsonl.gz` },
    },
  ],
  training: {
    epochs: 6,
    batchSize: 256,
    learningRate: 0.1,
    learningRates: {
      'shared/filters/convolutions/**': 0.3,
      'tasks/*/members/3/**': 0.3,
      'tasks/*/members/4/**': 0.3,
      'tasks/*/members/5/**': 0.3,
    },
    optimizer: 'adagrad',
    clipNorm: 0,
    sampler: 'temperature',
    temperature: 1.5,
    // Once, at the end, whose parameters are kept: the number of steps was chosen, and no row need be held out for it.
    evaluateEvery: 10_000,
    keepBest: false,
  },
});
