import { defineConfig } from 'taskloom';

// Four public intent and question sets, one model with four heads. The paths lead to the shared data beside the repository:
//   taskloom train --config examples/intents.config.ts
//   taskloom evaluate --run runs/intents --split test
const data = '../../shared/data';

export default defineConfig({
  name: 'intents',
  seed: 1,
  features: { kind: 'hashed', bigrams: true, characters: [3, 5], buckets: 16_384, maxTokens: 48 },
  trunk: { kind: 'bagOfEmbeddings', width: 64, dropout: 0.2 },
  tasks: [
    {
      name: 'clinc150',
      head: 'classification',
      data: {
        train: [`${data}/clinc150/train.jsonl.gz`, `${data}/clinc150/oos_train.jsonl.gz`],
        validation: [`${data}/clinc150/val.jsonl.gz`, `${data}/clinc150/oos_val.jsonl.gz`],
        test: [`${data}/clinc150/test.jsonl.gz`, `${data}/clinc150/oos_test.jsonl.gz`],
      },
    },
    {
      name: 'banking77',
      head: 'classification',
      // No validation file: a tenth of the training rows is held out.
      data: { train: `${data}/banking77/train.jsonl.gz`, validation: 0.1, test: `${data}/banking77/test.jsonl.gz` },
    },
    {
      name: 'snips',
      head: 'classification',
      columns: { tokens: 'tokens' },
      data: { train: `${data}/snips/train.jsonl.gz`, validation: `${data}/snips/val.jsonl.gz`, test: `${data}/snips/test.jsonl.gz` },
    },
    {
      name: 'trec',
      head: 'classification',
      data: { train: `${data}/trec/train.jsonl.gz`, validation: 0.1, test: `${data}/trec/test.jsonl.gz` },
    },
  ],
  training: { epochs: 4, batchSize: 128, learningRate: 0.02, weightDecay: 0, sampler: 'temperature', temperature: 1.5 },
});
