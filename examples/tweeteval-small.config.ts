import { defineConfig } from 'taskloom';
import tweeteval from './tweeteval.config';

// TweetEval by a model a tenth as large as that of tweeteval.config.ts, for studies of many trainings:
//   taskloom compare --config examples/tweeteval-small.config.ts --methods sum,log,uncertainty --seeds 3 --run runs/tweeteval-study
export default defineConfig({
  ...tweeteval,
  name: 'tweeteval-small',
  features: { kind: 'hashed', bigrams: true, characters: [3, 5], buckets: 16_384, maxTokens: 64 },
  tokenFeatures: undefined,
  trunk: { kind: 'bagOfEmbeddings', width: 32, combiner: 'unit', featureDropout: 0.5, dropout: 0, trainBy: 'matrix' },
  tasks: tweeteval.tasks.map((task) => ({ ...task, members: 1 })),
  training: { ...tweeteval.training, learningRates: undefined },
});
