import { defineConfig } from 'taskloom';
import tweeteval from './tweeteval.config';

// TweetEval by the model of tweeteval.config.ts, where the embeddings that the filters read start from public word vectors:
//   node examples/run.mjs word-vectors.ts
//   taskloom train --config examples/tweeteval-vectors.config.ts
export default defineConfig({
  ...tweeteval,
  name: 'tweeteval-vectors',
  tokenFeatures: {
    ...tweeteval.tokenFeatures,
    kind: 'vocabulary',
    vectors: '../runs/vectors/wink-100d.txt',
    vectorWords: 40_000,
    maxTokens: 48,
  },
});
