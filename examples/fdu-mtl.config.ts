import { defineConfig } from 'taskloom';

// FDU-MTL (Liu, Qiu & Huang 2017, arXiv:1704.05742): is a review good or bad, in twelve of its sixteen domains, each a task of its own.
//   taskloom train --config examples/fdu-mtl.config.ts
const data = '../../shared/data/fdu_mtl';
const domains = [
  'MR',
  'apparel',
  'books',
  'camera_photo',
  'dvd',
  'health_personal_care',
  'imdb',
  'kitchen_housewares',
  'music',
  'software',
  'sports_outdoors',
  'toys_games',
];

export default defineConfig({
  name: 'fdu-mtl',
  seed: 1,
  // The first 160 words of a review; half of the IMDb reviews are longer.
  features: { kind: 'hashed', bigrams: true, characters: false, buckets: 32_768, maxTokens: 160 },
  trunk: { kind: 'bagOfEmbeddings', width: 32, dropout: 0.3 },
  tasks: domains.map((domain) => ({
    name: domain,
    head: 'classification' as const,
    labels: ['0', '1'],
    metrics: ['accuracy'],
    // An eighth of the training rows, about 200, is held out for validation.
    data: { train: `${data}/${domain}/train.jsonl.gz`, validation: 0.125, test: `${data}/${domain}/test.jsonl.gz` },
  })),
  // The paper's score is the mean error over the domains; all rows together say the same, the domains being of one size.
  training: { epochs: 6, batchSize: 32, sourcesPerStep: 8, learningRate: 0.02, optimizer: 'adam', clipNorm: 0, sampler: 'uniform' },
});
