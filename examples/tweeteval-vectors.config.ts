import { defineConfig } from 'taskloom';
import tweeteval, { bag, filters } from './tweeteval.config';

// TweetEval from public word vectors: the model of tweeteval.config.ts with a fourth part, a recurrence over windows of three words. What reads words, the filters and the recurrence, starts from the vectors:
//   node examples/run.mjs word-vectors.ts
//   taskloom train --config examples/tweeteval-vectors.config.ts
const words = {
  ...tweeteval.tokenFeatures,
  kind: 'vocabulary' as const,
  vectors: '../runs/vectors/wink-100d.txt',
  vectorWords: 40_000,
  maxTokens: 48,
};
const read = { kind: 'recurrent' as const, width: 100, units: 128, layers: 1, window: 3, dropout: 0.3 };
const linear = { kind: 'linear' as const, cost: 0.3, ratios: 0.25, scale: 1 };

export default defineConfig({
  ...tweeteval,
  name: 'tweeteval-vectors',
  tokenFeatures: words,
  trunk: { kind: 'joined', parts: { bag, filters, read, linear } },
  tasks: tweeteval.tasks.map((task) => ({
    ...task,
    // The parts count alike, however many members are over them.
    members: [[32, 32, 32], [128, 128, 128], [256]],
    // F1 of one class is best where more is called ironic than is likely to be.
    ...(task.name === 'irony' ? { thresholds: 'tuned' as const } : {}),
  })),
  training: {
    ...tweeteval.training,
    steps: 500,
    ema: 0.99,
    learningRates: { ...tweeteval.training?.learningRates, 'shared/read/layers/**': 0.3, 'tasks/*/members/6/**': 0.3 },
  },
});
