import { defineConfig } from 'taskloom';

// SNIPS (Coucke et al. 2018, arXiv:1805.10190): what is wanted, and its slots, from the same rows by one model.
//   taskloom train --config examples/snips-slots.config.ts
const data = '../../shared/data/snips';
const files = { train: `${data}/train.jsonl.gz`, validation: `${data}/val.jsonl.gz`, test: `${data}/test.jsonl.gz` };

export default defineConfig({
  name: 'snips-slots',
  seed: 1,
  features: { kind: 'hashed', characters: [3, 4], buckets: 16_384, perToken: 10, maxTokens: 48 },
  // Whether a name is a film's or a song's may be said by words far from it: hence filters over 11 words.
  trunk: { kind: 'textCNN', width: 64, widths: [1, 3, 7, 11], pooling: 'meanMax', dropout: 0.3 },
  tasks: [
    // Tags are judged, and chosen, as a chain: one knows what may follow it.
    { name: 'slots', head: 'tagging', crf: true, data: files, hidden: 128, dropout: 0.3, metrics: ['spanF1', 'tokenAccuracy'] },
    { name: 'intent', head: 'classification', data: files, columns: { tokens: 'tokens' }, metrics: ['accuracy'] },
  ],
  training: { epochs: 6, batchSize: 64, learningRate: 0.005, optimizer: 'adam' },
});
