import { defineConfig } from 'taskloom';

// GoEmotions (Demszky et al. 2020, arXiv:2005.00547): 28 emotions of Reddit comments, any number of them in one.
//   taskloom train --config examples/goemotions.config.ts
const data = '../../shared/data/goemotions';

export default defineConfig({
  name: 'goemotions',
  seed: 1,
  features: { kind: 'hashed', bigrams: true, characters: false, buckets: 32_768, maxTokens: 40 },
  trunk: { kind: 'bagOfEmbeddings', width: 32, dropout: 0.2 },
  tasks: [
    {
      name: 'emotions',
      head: 'multiLabel',
      // The files hold numbers; labels.json names them.
      labels: Array.from({ length: 28 }, (_, i) => String(i)),
      columns: { label: 'labels' },
      data: { train: `${data}/train.jsonl.gz`, validation: `${data}/val.jsonl.gz`, test: `${data}/test.jsonl.gz` },
    },
  ],
  training: { epochs: 5, batchSize: 512, learningRate: 0.03, optimizer: 'adam', clipNorm: 0 },
});
