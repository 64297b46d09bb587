import type { Config } from '@taskloom/pipeline';

const messages = { train: 'train.jsonl', validation: 'validation.jsonl', test: 'test.jsonl' };
const pairs = { train: 'pairs.train.jsonl', validation: 'pairs.validation.jsonl', test: 'pairs.test.jsonl' };

/** Five tasks on customer-support messages; the paths start from the folder of the data. */
export const supportConfig: Config = {
  name: 'support',
  seed: 1,
  features: { kind: 'hashed', characters: [3, 3], buckets: 16_000, perToken: 6, maxTokens: 64 },
  trunk: { kind: 'textCNN', width: 64, widths: [3], filters: 32, pool: 'embeddings', dropout: 0.3 },
  tasks: [
    { name: 'topic', head: 'classification', data: messages, columns: { label: 'topic' }, weight: 3 },
    { name: 'sentiment', head: 'classification', data: messages, columns: { label: 'sentiment' } },
    { name: 'urgency', head: 'ordinal', labels: ['low', 'normal', 'high', 'critical'], data: messages, columns: { label: 'urgency' } },
    { name: 'entities', head: 'tagging', data: messages, weight: 4 },
    { name: 'duplicate', head: 'pairSimilarity', data: pairs, columns: { label: 'duplicate' }, weight: 0.5 },
  ],
  training: { steps: 700, batchSize: 32, learningRate: 0.01, evaluateEvery: 70 },
};
