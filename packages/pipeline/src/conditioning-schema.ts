import { z } from 'zod';
import { oneOf, strictObject, variants } from './strict-object';

const count = z.number().int().positive();
const fusion = oneOf(['concatenate', 'add', 'weighted', 'film']).default('film');

/** Tells the shared encoder which task a row is for. */
export const taskEmbeddingSchema = variants(
  'kind',
  ['learned', 'oneHot', 'token'],
  [
    strictObject({
      kind: z.literal('learned'),
      /** Length of a task's vector. */
      dimension: count.max(4096).default(16),
      /** How vectors meet what the trunk says of a row. */
      fusion,
    }),
    strictObject({ kind: z.literal('oneHot'), fusion }),
    /** A learned vector put before the tokens of a transformer. */
    strictObject({ kind: z.literal('token') }),
  ],
);

const expertLayer = {
  /** How many. */
  experts: count.max(64).default(4),
  /** Units of each expert, a dense ReLU layer; default the trunk's width. */
  expertWidth: count.max(4096).optional(),
};
/** Coefficient of a loss that spreads rows over the experts. */
const balance = z.number().min(0).optional();

/** A layer of experts between trunk and heads: mixed by one gate for all tasks, or by one for each. */
export const gatingSchema = variants(
  'kind',
  ['mmoe', 'softGate', 'sigmoidGate'],
  [
    strictObject({ kind: z.literal('mmoe'), ...expertLayer }),
    strictObject({ kind: z.literal('softGate'), ...expertLayer, balance }),
    strictObject({ kind: z.literal('sigmoidGate'), ...expertLayer, balance }),
  ],
);

export type TaskEmbeddingConfig = z.output<typeof taskEmbeddingSchema>;
export type GatingConfig = z.output<typeof gatingSchema>;
