import { defineConfig } from 'taskloom';

// GoEmotions (Demszky et al. 2020, arXiv:2005.00547): 28 emotions of Reddit comments, any number of them in one.
//   taskloom train --config examples/goemotions.config.ts
const data = '../../shared/data/goemotions';

export default defineConfig({
  name: 'goemotions',
  seed: 1,
  features: { kind: 'hashed', bigrams: true, characters: false, buckets: 32_768, maxTokens: 40 },
  trunk: { kind: 'bagOfEmbeddings', width: 32, dropout: 0.3 },
  tasks: [
    {
      name: 'emotions',
      head: 'multiLabel',
      // The files hold numbers; labels.json names them.
      labels: Array.from({ length: 28 }, (_, i) => String(i)),
      columns: { label: 'labels' },
      // Most emotions are rare, and hardly ever as likely as not.
      thresholds: 'tuned',
      metrics: ['macroF1', 'microF1', 'macroAveragePrecision'],
      data: { train: `${data}/train.jsonl.gz`, validation: `${data}/val.jsonl.gz`, test: `${data}/test.jsonl.gz` },
    },
  ],
  training: {
    epochs: 12,
    batchSize: 256,
    learningRate: 0.02,
    optimizer: 'adam',
    clipNorm: 0,
    // Thresholds are found at the end; until then the ranking says which parameters are best.
    earlyStopping: { metric: 'emotions/macroAveragePrecision', patience: 100 },
  },
});
