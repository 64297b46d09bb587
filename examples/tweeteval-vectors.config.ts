import { defineConfig } from 'taskloom';
import tweeteval, { bag } from './tweeteval.config';

// TweetEval by the bag of tweeteval.config.ts and, beside it, filters over words whose embeddings start from public vectors:
//   node examples/run.mjs word-vectors.ts
//   taskloom train --config examples/tweeteval-vectors.config.ts
export default defineConfig({
  ...tweeteval,
  name: 'tweeteval-vectors',
  tokenFeatures: {
    kind: 'vocabulary',
    size: 60_000,
    minimumCount: 2,
    vectors: '../runs/vectors/wink-100d.txt',
    vectorWords: 40_000,
    maxTokens: 48,
  },
  trunk: {
    kind: 'joined',
    parts: {
      bag,
      filters: { kind: 'textCNN', width: 100, widths: [1, 2, 3], filters: 128, pool: 'filters', dropout: 0.3 },
    },
  },
  // Three members over the bag and three over the filters, those of one width each.
  tasks: tweeteval.tasks.map((task) => ({ ...task, members: [32, 32, 32, 128, 128, 128] })),
  training: {
    ...tweeteval.training,
    learningRates: {
      'shared/filters/convolutions/**': 0.3,
      'tasks/*/members/3/**': 0.3,
      'tasks/*/members/4/**': 0.3,
      'tasks/*/members/5/**': 0.3,
    },
  },
});
