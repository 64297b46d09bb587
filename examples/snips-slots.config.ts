import { defineConfig } from 'taskloom';

// SNIPS (Coucke et al. 2018, arXiv:1805.10190): what is wanted, and its slots, from the same rows by one model.
//   taskloom train --config examples/snips-slots.config.ts
const data = '../../shared/data/snips';
const files = { train: `${data}/train.jsonl.gz`, validation: `${data}/val.jsonl.gz`, test: `${data}/test.jsonl.gz` };

export default defineConfig({
  name: 'snips-slots',
  seed: 1,
  features: { kind: 'hashed', characters: [3, 4], buckets: 8192, perToken: 8, maxTokens: 48 },
  trunk: { kind: 'textCNN', width: 48, widths: [1, 3, 5], pooling: 'meanMax', dropout: 0.2 },
  tasks: [
    { name: 'slots', head: 'tagging', data: files, metrics: ['spanF1', 'tokenAccuracy'] },
    { name: 'intent', head: 'classification', data: files, columns: { tokens: 'tokens' }, metrics: ['accuracy'] },
  ],
  training: { epochs: 4, batchSize: 64, learningRate: 0.005, optimizer: 'adam' },
});
