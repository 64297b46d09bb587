import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config, DataProvider, Row } from '../src/index';

const folder = fileURLToPath(new URL('../../../apps/reference/data/support/', import.meta.url));

/** The support data, read from the repository; about `limit` rows spread of each file. */
export function supportData(limit = Number.POSITIVE_INFINITY, opened: string[] = []): DataProvider {
  return {
    async rows(path): Promise<readonly Row[]> {
      opened.push(path);
      const lines = readFileSync(`${folder}${path}`, 'utf8').trim().split('\n');
      const every = Math.max(1, Math.floor(lines.length / limit));
      return lines.filter((_, i) => i % every === 0).map((line) => JSON.parse(line) as Row);
    },
  };
}

const messages = { train: 'train.jsonl', validation: 'validation.jsonl', test: 'test.jsonl' };

/** A small model for all five tasks. */
export const smallConfig: Config = {
  name: 'support',
  seed: 3,
  features: { kind: 'hashed', characters: [3, 3], buckets: 1024, perToken: 6, maxTokens: 48 },
  trunk: { kind: 'textCNN', width: 16, widths: [1, 3], dropout: 0.1 },
  tasks: [
    { name: 'topic', head: 'classification', data: messages, columns: { label: 'topic' } },
    { name: 'sentiment', head: 'classification', data: messages, columns: { label: 'sentiment' } },
    { name: 'urgency', head: 'ordinal', labels: ['low', 'normal', 'high', 'critical'], data: messages, columns: { label: 'urgency' } },
    { name: 'entities', head: 'tagging', data: messages },
    {
      name: 'duplicate',
      head: 'pairSimilarity',
      data: { train: 'pairs.train.jsonl', validation: 'pairs.validation.jsonl', test: 'pairs.test.jsonl' },
      columns: { label: 'duplicate' },
    },
  ],
  training: { steps: 20, batchSize: 16, learningRate: 0.01, evaluateEvery: 10 },
};
