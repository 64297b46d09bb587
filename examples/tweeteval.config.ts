import { defineConfig } from 'taskloom';

// TweetEval (Barbieri et al. 2020, arXiv:2010.12421): seven tasks, one model, trained from scratch on these tweets alone.
//   taskloom train --config examples/tweeteval.config.ts
//   taskloom evaluate --run runs/tweeteval --split test --bootstrap 1000
// Where the data are not beside the repository: taskloom data fetch tweeteval, and let `data` point to what it wrote.
const data = '../../shared/data/tweeteval';

const files = (task: string) => ({
  train: `${data}/${task}/train.jsonl.gz`,
  validation: `${data}/${task}/val.jsonl.gz`,
  test: `${data}/${task}/test.jsonl.gz`,
});
/** The files hold class numbers; what they mean stands in each folder's mapping.json. */
const classes = (count: number) => Array.from({ length: count }, (_, i) => String(i));
const topics = ['abortion', 'atheism', 'climate', 'feminist', 'hillary'];

export default defineConfig({
  name: 'tweeteval',
  seed: 1,
  features: { kind: 'hashed', bigrams: true, characters: [3, 5], buckets: 32_768, maxTokens: 64 },
  trunk: { kind: 'bagOfEmbeddings', width: 64, dropout: 0.3 },
  tasks: [
    { name: 'emoji', head: 'classification', labels: classes(20), metrics: ['macroF1'], data: files('emoji') },
    { name: 'emotion', head: 'classification', labels: classes(4), metrics: ['macroF1'], data: files('emotion') },
    { name: 'hate', head: 'classification', labels: classes(2), metrics: ['macroF1'], data: files('hate') },
    // F1 of the class 1, irony.
    { name: 'irony', head: 'classification', labels: classes(2), metrics: [{ f1: '1' }], data: files('irony') },
    { name: 'offensive', head: 'classification', labels: classes(2), metrics: ['macroF1'], data: files('offensive') },
    { name: 'sentiment', head: 'classification', labels: classes(3), metrics: ['macroRecall'], data: files('sentiment') },
    ...topics.map(
      (topic) => ({ name: `stance-${topic}`, head: 'classification', labels: classes(3), data: files(`stance/${topic}`) }) as const,
    ),
  ],
  // Stance is one score: the mean F1 of 1, against, and 2, favor, over the predictions of all five heads together.
  groups: [{ name: 'stance', tasks: topics.map((topic) => `stance-${topic}`), metrics: [{ f1: ['1', '2'] }] }],
  training: { epochs: 8, batchSize: 128, learningRate: 0.01, weightDecay: 0, sampler: 'temperature', temperature: 2 },
});
