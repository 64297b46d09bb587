import { defineConfig } from 'taskloom';

// Two texts a row: how alike they are (STS benchmark, 0 … 5; SICK, 1 … 5), and what follows from the first (SICK, three labels).
//   taskloom train --config examples/sentence-pairs.config.ts
const files = (name: string) => ({
  train: `../../shared/data/${name}/train.jsonl.gz`,
  validation: `../../shared/data/${name}/val.jsonl.gz`,
  test: `../../shared/data/${name}/test.jsonl.gz`,
});

export default defineConfig({
  name: 'sentence-pairs',
  seed: 1,
  features: { kind: 'hashed', bigrams: true, characters: [3, 4], buckets: 32_768, maxTokens: 48 },
  trunk: { kind: 'bagOfEmbeddings', width: 48, dropout: 0.2 },
  tasks: [
    { name: 'stsb', head: 'pairSimilarity', output: 'score', range: [0, 5], data: files('stsb'), columns: { label: 'score' } },
    { name: 'sick', head: 'pairSimilarity', output: 'score', range: [1, 5], data: files('sick'), columns: { label: 'score' } },
    {
      name: 'sick-entailment',
      head: 'classification',
      hidden: 32,
      data: files('sick'),
      columns: { a: 'a', b: 'b' },
      metrics: ['accuracy'],
    },
  ],
  training: { epochs: 8, batchSize: 64, sourcesPerStep: 2, learningRate: 0.005, optimizer: 'adam', clipNorm: 0 },
});
