import { z } from 'zod';
import { gatingSchema, taskEmbeddingSchema } from './conditioning-schema';
import { bagNames } from './features-hashed';
import { checkLinearPart } from './linear-part';
import { checkJudging, groupSchema } from './metrics-schema';
import { oneOf, strictObject, variants } from './strict-object';
import { isTuned, taskSchema } from './task-schema';
import { trainingSchema } from './training-schema';

const count = z.number().int().positive();

/** How a text becomes numbers. */
export const featuresSchema = variants(
  'kind',
  ['hashed', 'vocabulary', 'tokenizer'],
  [
    strictObject({
      kind: z.literal('hashed'),
      /** Whole words. */
      words: z.boolean().default(true),
      /** Pairs of neighbouring words (bagOfEmbeddings only). */
      bigrams: z.boolean().default(true),
      /** Shortest and longest character n-gram inside a word, boundaries marked; false for none. */
      characters: z.union([z.literal(false), z.tuple([count.max(10), count.max(10)])]).default([3, 5]),
      /** What a text begins with, its first word and its first two, as features of their own (bagOfEmbeddings only). */
      start: z.boolean().default(false),
      /** Character n-grams that reach over the space between words as well (bagOfEmbeddings only). */
      acrossWords: z.boolean().default(false),
      /** The first word together with each of the next so many, a bag of their own with an eighth as many rows as `buckets` besides; 0 for none (bagOfEmbeddings only). */
      openings: z.number().int().min(0).max(64).default(0),
      /** Rows of the embedding table. */
      buckets: count.max(4_000_000).default(16_384),
      /** Half of the features enter with sign −1, so that collisions cancel on average. */
      signed: z.boolean().default(false),
      /** Variation selectors are part of words; else left out, and words with them that are nothing else. */
      variationSelectors: z.boolean().default(true),
      lowercase: z.boolean().default(true),
      /** Features kept per token (sequence trunks only): the word, its shape, then its n-grams. */
      perToken: count.max(64).default(12),
      /** Words beyond this many are cut. */
      maxTokens: count.max(2048).default(64),
    }),
    strictObject({
      kind: z.literal('vocabulary'),
      /** Most frequent words of the training texts. */
      size: count.max(4_000_000).default(20_000),
      minimumCount: count.default(2),
      /** A text file of word vectors, a word and its numbers a line (as GloVe's), from which the embeddings of these words start; they have the width of the embedding. */
      vectors: z.string().min(1).optional(),
      /** So many words from the beginning of that file join the vocabulary, whether training texts have them or not. */
      vectorWords: z.number().int().min(0).max(4_000_000).default(0),
      /** As of hashed features; a word that is nothing else is read as padding. */
      variationSelectors: z.boolean().default(true),
      lowercase: z.boolean().default(true),
      maxTokens: count.max(2048).default(64),
    }),
    strictObject({
      kind: z.literal('tokenizer'),
      /** A Hugging Face `tokenizer.json`. */
      file: z.string().min(1),
      /** Subwords kept per word where tags need word positions. */
      perToken: count.max(64).default(8),
      maxTokens: count.max(2048).default(64),
    }),
  ],
);

const dropout = z.number().min(0).lt(1);
const pooling = oneOf(['mean', 'max', 'first', 'attention', 'meanMax']);

const encoderKinds = ['bagOfEmbeddings', 'recurrent', 'textCNN', 'transformer'] as const;
const encoderSchemas = [
  strictObject({
    kind: z.literal('bagOfEmbeddings'),
    /** Names of the bags that it reads; those of hashed features are `words`, `characters` and `openings`. Default: all that there are. */
    bags: z.array(z.string()).min(1).optional(),
    /** Width of the embeddings. */
    width: count.max(4096).default(64),
    /** `unit`: each bag's sum over the root of its length. */
    combiner: oneOf(['sum', 'mean', 'unit', 'max']).default('mean'),
    /** In training, each feature is left out with this probability. */
    featureDropout: z.number().min(0).lt(1).default(0),
    /** How training sums: a vector looked up for each feature, or the batch as a matrix times the table, which is faster for long bags and small tables. */
    trainBy: oneOf(['rows', 'matrix']).default('rows'),
    /** Units of one dense ReLU layer over the bag. */
    projection: count.max(4096).optional(),
    dropout: dropout.default(0.1),
  }),
  strictObject({
    kind: z.literal('recurrent'),
    /** Width of the embeddings. */
    width: count.max(4096).default(64),
    /** Numbers that a layer keeps of what it has read, in each direction; default `width`. */
    units: count.max(4096).optional(),
    layers: count.max(16).default(2),
    /** Tokens that gates and candidates of the first layer see: 1, or as a filter of this width around each. */
    window: count.max(15).default(1),
    /** In training, each word, or feature of one, is left out with this probability. */
    featureDropout: z.number().min(0).lt(1).default(0),
    pooling: pooling.default('max'),
    projection: count.max(4096).optional(),
    dropout: dropout.default(0.2),
  }),
  strictObject({
    kind: z.literal('textCNN'),
    /** Width of the embeddings and of the tokens. */
    width: count.max(4096).default(64),
    /** How many tokens the filters see. */
    widths: z.array(count.max(15)).min(1).max(8).default([2, 3, 4]),
    /** Filters of each width; default `width`. */
    filters: count.max(4096).optional(),
    /** What is pooled: the tokens after the convolutions; their embeddings, which overfit less where data are few; or what the filters have found (no tokens then). */
    pool: oneOf(['tokens', 'embeddings', 'filters']).default('tokens'),
    /** Default `meanMax`, of filters `max`. */
    pooling: pooling.optional(),
    projection: count.max(4096).optional(),
    dropout: dropout.default(0.2),
  }),
  strictObject({
    kind: z.literal('transformer'),
    width: count.max(4096).default(64),
    layers: count.max(48).default(2),
    heads: count.max(64).default(4),
    /** Units inside the feed-forward layers; default 4 × width. */
    feedForward: count.max(16_384).optional(),
    pooling: pooling.default('mean'),
    dropout: dropout.default(0.1),
  }),
] as const;

/** A weight for each feature and class: a linear support vector machine for each class against all others, fitted before the other parts are trained. */
const linearSchema = strictObject({
  kind: z.literal('linear'),
  /** The bags that it reads by name, and how much each counts. Default: all that there are, 1 each. */
  bags: z.record(z.string(), z.number().positive()).optional(),
  /** What a row on the wrong side of the margin costs, beside ½‖w‖². */
  cost: z.number().positive().default(1),
  /** How much a feature weighs by the log ratio of its frequencies in the class and outside of it, beside all features alike (0). */
  ratios: z.number().min(0).max(1).default(0),
  /** Its scores, ±1 at the margin, times this are logits, whose mean with those of the other parts decides: a number for all tasks, or one for each task named, 2 for others. */
  scale: z.union([z.number().min(0), z.record(z.string(), z.number().min(0))]).default(2),
});

/** The shared encoder, θs. */
export const trunkSchema = variants(
  'kind',
  [...encoderKinds, 'joined'],
  [
    ...encoderSchemas,
    strictObject({
      kind: z.literal('joined'),
      /**
       * Encoders side by side, by name; their encodings one after another are what the heads see. A head with `members` of these widths is an ensemble of the parts. The last
       * may be `linear`: a linear model of the bags' features, which counts in each head's decision as much as all else.
       */
      parts: z
        .record(z.string(), variants('kind', [...encoderKinds, 'linear'], [...encoderSchemas, linearSchema]))
        .refine((parts) => Object.keys(parts).length > 0, 'At least one part is needed.')
        .refine((parts) => Object.keys(parts).every((name) => /^[A-Za-z]\w*$/.test(name)), 'A part is named by letters and digits.'),
    }),
  ],
);

/** The whole of a training run, as data: it can be written as TypeScript, YAML or JSON. */
export const configSchema = strictObject({
  name: z.string().min(1).default('run'),
  seed: z.number().int().default(1),
  features: featuresSchema.default(() => featuresSchema.parse({ kind: 'hashed' })),
  /** How tokens are read where the trunk joins a bag and an encoder of tokens; default as `features`. */
  tokenFeatures: featuresSchema.optional(),
  trunk: trunkSchema.default(() => trunkSchema.parse({ kind: 'bagOfEmbeddings' })),
  taskEmbedding: taskEmbeddingSchema.optional(),
  gating: gatingSchema.optional(),
  tasks: z.array(taskSchema).min(1, 'At least one task is needed.'),
  /** Tasks that are judged as one. */
  groups: z.array(groupSchema).optional(),
  training: trainingSchema.default(() => trainingSchema.parse({})),
}).superRefine((config, context) => {
  checkJudging(config, (path, message) => context.addIssue({ code: 'custom', path, message }));
  const seen = new Set<string>();
  for (const [i, task] of config.tasks.entries()) {
    if (seen.has(task.name))
      context.addIssue({ code: 'custom', path: ['tasks', i, 'name'], message: `Two tasks are called '${task.name}'.` });
    seen.add(task.name);
    if (isTuned(task) && task.data.validation === undefined)
      context.addIssue({
        code: 'custom',
        path: ['tasks', i, 'thresholds'],
        message: "Thresholds are tuned on validation rows, and the task has none. Give 'data.validation', or leave 'tuned' out.",
      });
    if (task.head === 'tagging' && !returnsTokens(config.trunk))
      context.addIssue({
        code: 'custom',
        path: ['tasks', i, 'head'],
        message: `Tags need a trunk that returns single tokens, and '${config.trunk.kind}' here returns only the text's encoding. Take 'recurrent', 'textCNN' or 'transformer'.`,
      });
  }
  checkLinearPart(config, (path, message) => context.addIssue({ code: 'custom', path, message }));
  if (config.taskEmbedding?.kind === 'token' && config.trunk.kind !== 'transformer')
    context.addIssue({
      code: 'custom',
      path: ['taskEmbedding', 'kind'],
      message: `A task token is read by attention, and '${config.trunk.kind}' has none. Take the trunk 'transformer', or 'learned'.`,
    });
  for (const { path, encoder } of encodersOf(config.trunk))
    if (encoder.kind === 'transformer' && encoder.width % encoder.heads !== 0)
      context.addIssue({
        code: 'custom',
        path: [...path, 'heads'],
        message: `The width ${encoder.width} is not a multiple of ${encoder.heads} heads.`,
      });
  const bags = bagNames(config.features);
  for (const { path, encoder } of encodersOf(config.trunk))
    for (const name of readsBags(encoder) ? namedBags(encoder) : [])
      if (!bags.includes(name))
        context.addIssue({
          code: 'custom',
          path: [...path, 'bags'],
          message: `There is no bag '${name}': these features have ${bags.map((own) => `'${own}'`).join(', ')}.`,
        });
  const kinds = new Set(encodersOf(config.trunk).map(({ encoder }) => readsBags(encoder)));
  if (config.tokenFeatures && kinds.size < 2)
    context.addIssue({
      code: 'custom',
      path: ['tokenFeatures'],
      message: "Features of tokens stand beside those of a bag where the trunk is 'joined' and has both. Give 'features' alone.",
    });
  if (kinds.size === 2 && config.features.kind === 'tokenizer')
    context.addIssue({
      code: 'custom',
      path: ['features', 'kind'],
      message: "Beside an encoder of tokens a bag has 'hashed' or 'vocabulary' features; 'tokenFeatures' may be of a tokenizer.",
    });
  for (const name of ['features', 'tokenFeatures'] as const) {
    const features = config[name];
    if (features?.kind === 'hashed' && features.characters && features.characters[0] > features.characters[1])
      context.addIssue({ code: 'custom', path: [name, 'characters'], message: 'The shortest n-gram comes first.' });
    if (features?.kind === 'vocabulary' && features.vectorWords > 0 && features.vectors === undefined)
      context.addIssue({
        code: 'custom',
        path: [name, 'vectorWords'],
        message: "There is no file of vectors to take words from. Give 'vectors'.",
      });
  }
});

/** A trunk, or a part of a joined one. */
export type Encoder = z.output<(typeof encoderSchemas)[number]> | z.output<typeof linearSchema>;

/** The encoders of a trunk, and where in the config they stand. */
export function encodersOf(
  trunk: z.output<typeof trunkSchema>,
): readonly { readonly path: readonly string[]; readonly encoder: Encoder }[] {
  if (trunk.kind !== 'joined') return [{ path: ['trunk'], encoder: trunk }];
  return Object.entries(trunk.parts).map(([name, encoder]) => ({ path: ['trunk', 'parts', name], encoder }));
}

/** An encoder of bags of features, which does not see tokens in their order. */
export type BagEncoder = Extract<Encoder, { kind: 'bagOfEmbeddings' | 'linear' }>;

export function readsBags(encoder: Encoder): encoder is BagEncoder {
  return encoder.kind === 'bagOfEmbeddings' || encoder.kind === 'linear';
}

/** The bags that it names; where it names none, it reads all. */
export function namedBags({ bags }: Pick<BagEncoder, 'bags'>): readonly string[] {
  return Array.isArray(bags) ? bags : Object.keys(bags ?? {});
}

function returnsTokens(trunk: z.output<typeof trunkSchema>): boolean {
  return trunk.kind === 'transformer' || trunk.kind === 'recurrent' || (trunk.kind === 'textCNN' && trunk.pool !== 'filters');
}

/** What a person writes; everything with a default may be left out. */
export type Config = z.input<typeof configSchema>;
/** The same with all defaults filled in. */
export type ResolvedConfig = z.output<typeof configSchema>;
export type FeaturesConfig = z.output<typeof featuresSchema>;
export type TrunkConfig = z.output<typeof trunkSchema>;
export type { GatingConfig, TaskEmbeddingConfig } from './conditioning-schema';
