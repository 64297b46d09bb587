import { defineConfig } from 'taskloom';

// Four public intent and question sets, one model with four heads, and one more for the finer classes of one set. The paths lead to the shared data beside the repository:
//   taskloom train --config examples/intents.config.ts
//   taskloom evaluate --run runs/intents --split test
const data = '../../shared/data';

/** TREC's six classes and the fifty that divide them (Li and Roth 2002). */
const questions = {
  ABBR: ['abb', 'exp'],
  DESC: ['def', 'desc', 'manner', 'reason'],
  // biome-ignore format: one line
  ENTY: ['animal', 'body', 'color', 'cremat', 'currency', 'dismed', 'event', 'food', 'instru', 'lang', 'letter', 'other', 'plant', 'product', 'religion', 'sport', 'substance', 'symbol', 'techmeth', 'termeq', 'veh', 'word'],
  HUM: ['desc', 'gr', 'ind', 'title'],
  LOC: ['city', 'country', 'mount', 'other', 'state'],
  NUM: ['code', 'count', 'date', 'dist', 'money', 'ord', 'other', 'perc', 'period', 'speed', 'temp', 'volsize', 'weight'],
};
/** The bag's three members count together as much as the one that reads the words in their order. */
const members = [[64, 64, 64], 2 * 128];
const trec = {
  head: 'classification' as const,
  members,
  data: { train: `${data}/trec/train.jsonl.gz`, test: `${data}/trec/test.jsonl.gz` },
};

export default defineConfig({
  name: 'intents',
  seed: 1,
  features: {
    kind: 'hashed',
    bigrams: true,
    characters: [2, 5],
    start: true,
    acrossWords: true,
    openings: 5,
    buckets: 32_768,
    maxTokens: 64,
  },
  tokenFeatures: { kind: 'vocabulary', size: 30_000, minimumCount: 1, maxTokens: 16 },
  trunk: {
    kind: 'joined',
    parts: {
      // Three models of width 64 in one: each head has three members, and each its own third of the bag.
      bag: {
        kind: 'bagOfEmbeddings',
        bags: ['words', 'characters'],
        width: 3 * 64,
        combiner: 'unit',
        featureDropout: 0.5,
        dropout: 0,
        trainBy: 'matrix',
      },
      // Beside it what reads the first words in their order, from both ends,
      read: { kind: 'recurrent', width: 128, featureDropout: 0.33, dropout: 0.3 },
      // and a linear support vector machine for each class, over the same features and the first word with each of the next five, by which a question says what it asks for: what it gets wrong differs.
      // In SNIPS it has no say: the likelihood of the validation rows' labels falls with all that it is given.
      linear: { kind: 'linear', bags: { words: 1, characters: 1, openings: 0.5 }, scale: { snips: 0 } },
    },
  },
  tasks: [
    {
      name: 'clinc150',
      head: 'classification',
      members,
      data: {
        train: [`${data}/clinc150/train.jsonl.gz`, `${data}/clinc150/oos_train.jsonl.gz`],
        validation: [`${data}/clinc150/val.jsonl.gz`, `${data}/clinc150/oos_val.jsonl.gz`],
        test: [`${data}/clinc150/test.jsonl.gz`, `${data}/clinc150/oos_test.jsonl.gz`],
      },
    },
    {
      name: 'banking77',
      head: 'classification',
      members,
      // Neither of these two has a validation file; `validation: 0.1` holds out a tenth, as when the settings were chosen.
      data: { train: `${data}/banking77/train.jsonl.gz`, test: `${data}/banking77/test.jsonl.gz` },
    },
    {
      name: 'snips',
      head: 'classification',
      members,
      columns: { tokens: 'tokens' },
      data: { train: `${data}/snips/train.jsonl.gz`, validation: `${data}/snips/val.jsonl.gz`, test: `${data}/snips/test.jsonl.gz` },
    },
    // What the linear part has learned of the finer classes helps to decide between the six.
    { ...trec, name: 'trec', finer: 'trec-fine' },
    {
      ...trec,
      name: 'trec-fine',
      columns: { label: 'fine' },
      // It is there for its machines: the members' shares of the bag are left to the four.
      weight: 0.05,
      labels: Object.entries(questions).flatMap(([question, finer]) => finer.map((name) => `${question}:${name}`)),
    },
  ],
  training: {
    steps: 800,
    batchSize: 256,
    learningRate: 0.1,
    // AdaGrad's steps shrink by themselves; what they wander about at the end is averaged out.
    schedule: 'constant',
    average: { after: 0.75 },
    learningRates: { 'shared/read/layers/**': 0.3, 'tasks/*/members/3/**': 0.3 },
    optimizer: 'adagrad',
    clipNorm: 0,
    sampler: 'temperature',
    temperature: 1.5,
    // Once, at the end, whose parameters are kept: the number of steps was chosen, and no row need be held out for it.
    evaluateEvery: 10_000,
    keepBest: false,
  },
});
