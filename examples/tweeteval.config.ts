import { defineConfig } from 'taskloom';

// TweetEval (Barbieri et al. 2020, arXiv:2010.12421): seven tasks, one model, trained from scratch on these tweets alone.
//   taskloom train --config examples/tweeteval.config.ts
//   taskloom evaluate --run runs/tweeteval --split test --bootstrap 1000
// The files lie in the shared data beside the repository; `taskloom data fetch tweeteval` gets them from their origin.
const data = '../../shared/data/tweeteval';

/** The files hold class numbers; what they mean stands in each folder's mapping.json. */
const task = (name: string, folder: string, classes: number) => ({
  name,
  head: 'classification' as const,
  members: [32, 32, 32, 128, 128, 128],
  labels: Array.from({ length: classes }, (_, i) => String(i)),
  data: {
    train: `${data}/${folder}/train.jsonl.gz`,
    validation: `${data}/${folder}/val.jsonl.gz`,
    test: `${data}/${folder}/test.jsonl.gz`,
  },
});

/** Weights ∝ (rows of the class in training)^−power, 1 for a class of mean size: macro averages count rare classes as much as frequent ones. */
const byRarity = (counts: readonly number[], power: number) => {
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return Object.fromEntries(counts.map((count, k) => [String(k), Number(((mean / count) ** power).toFixed(3))]));
};
const emojis = [9204, 4901, 4713, 2043, 2146, 2132, 2078, 2345, 1287, 1391, 1982, 946, 1246, 980, 1224, 934, 1350, 1397, 1510, 1191];
const topics = ['abortion', 'atheism', 'climate', 'feminist', 'hillary'];

/** Three models of width 32 in one: each head has three members over it, and each its own third of the bag. */
export const bag = {
  kind: 'bagOfEmbeddings',
  width: 3 * 32,
  combiner: 'unit',
  featureDropout: 0.5,
  dropout: 0,
  trainBy: 'matrix',
} as const;
/** Filters over one, two and three words: each head has a member over those of one width. */
export const filters = { kind: 'textCNN' as const, width: 100, widths: [1, 2, 3], filters: 128, pool: 'filters' as const, dropout: 0.3 };
/** A linear support vector machine for each class beside them, over the features of the bag. */
const linear = { kind: 'linear' as const, cost: 0.3, scale: 1 };

export default defineConfig({
  name: 'tweeteval',
  seed: 1,
  features: { kind: 'hashed', bigrams: true, characters: [3, 6], buckets: 65_536, maxTokens: 64 },
  tokenFeatures: { kind: 'vocabulary', size: 60_000, minimumCount: 2, maxTokens: 32 },
  trunk: { kind: 'joined', parts: { bag, filters, linear } },
  tasks: [
    { ...task('emoji', 'emoji', 20), metrics: ['macroF1'], classWeights: byRarity(emojis, 0.5) },
    { ...task('emotion', 'emotion', 4), metrics: ['macroF1'], classWeights: byRarity([1400, 708, 294, 855], 0.5) },
    { ...task('hate', 'hate', 2), metrics: ['macroF1'] },
    // F1 of irony alone, class 1.
    { ...task('irony', 'irony', 2), metrics: [{ f1: '1' }] },
    { ...task('offensive', 'offensive', 2), metrics: ['macroF1'], classWeights: byRarity([7975, 3941], 0.5) },
    { ...task('sentiment', 'sentiment', 3), metrics: ['macroRecall'], classWeights: byRarity([7094, 20673, 17845], 1) },
    ...topics.map((topic) => ({ ...task(`stance-${topic}`, `stance/${topic}`, 3), metrics: [{ f1: ['1', '2'] }] })),
  ],
  // Stance is one score: the mean F1 of 1, against, and 2, favor, over the predictions of all five heads together.
  groups: [{ name: 'stance', tasks: topics.map((topic) => `stance-${topic}`), metrics: [{ f1: ['1', '2'] }] }],
  training: {
    steps: 400,
    batchSize: 64,
    sourcesPerStep: 8,
    learningRate: 0.1,
    learningRates: {
      'shared/filters/convolutions/**': 0.3,
      'tasks/*/members/3/**': 0.3,
      'tasks/*/members/4/**': 0.3,
      'tasks/*/members/5/**': 0.3,
    },
    optimizer: 'adagrad',
    // AdaGrad's steps shrink by themselves.
    schedule: 'constant',
    warmup: 0,
    clipNorm: 0,
    sampler: 'temperature',
    temperature: 1.33,
    // Once, at the end, whose parameters are kept: the number of steps was chosen on the validation rows.
    evaluateEvery: 10_000,
    keepBest: false,
  },
});
