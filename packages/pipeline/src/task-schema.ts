import { z } from 'zod';
import { metricsSchema, nameSchema } from './metrics-schema';
import { strictObject, variants } from './strict-object';

export const headKinds = ['classification', 'multiLabel', 'regression', 'ordinal', 'tagging', 'pairSimilarity'] as const;

const files = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: 'It must be a path or a list of paths.' });
const labelSmoothing = z.number().min(0).lt(1).default(0);
const probability = z.number().gt(0).lt(1);
const column = z.string().min(1);
const labels = z
  .array(z.string().min(1))
  .min(2, 'At least two labels are needed.')
  .refine((list) => new Set(list).size === list.length, 'A label is given twice.');

const common = {
  /** Names the task in tables, predictions and parameters. */
  name: nameSchema,
  /** Where its rows are; tasks with the same `train` share rows, and each row is read and encoded once. */
  data: strictObject({
    train: files,
    /** Paths, or a fraction of `train` to hold out (seeded). */
    validation: z
      .union([files, z.number().gt(0).lt(1)], { error: 'It must be a path, a list of paths, or a fraction between 0 and 1.' })
      .optional(),
    test: files.optional(),
  }),
  /** How it is judged, main first; default: as its head is. */
  metrics: metricsSchema.optional(),
  /** Its share in the total loss. */
  weight: z.number().positive().default(1),
  /** Units of a hidden layer in the head; default none. */
  hidden: z.number().int().positive().max(4096).optional(),
  /** Dropout before the head's last layer. */
  dropout: z.number().min(0).lt(1).default(0),
};

/** `tokens`: the text as a list of words, where there is no `text`. */
const textColumns = { text: column.optional(), tokens: column.optional(), a: column.optional(), b: column.optional() };
const singleOrPair = strictObject({ ...textColumns, label: column.default('label') })
  .default(() => ({ label: 'label' }))
  .refine((c) => (c.a === undefined) === (c.b === undefined), "A pair needs both 'a' and 'b'.")
  .refine((c) => c.a === undefined || (c.text === undefined && c.tokens === undefined), "Give 'text', or 'a' and 'b', not both.");
const single = strictObject({ text: column.optional(), tokens: column.optional(), label: column.default('label') }).default(() => ({
  label: 'label',
}));

const member = z.number().int().positive();

export const taskSchema = variants('head', headKinds, [
  strictObject({
    ...common,
    head: z.literal('classification'),
    /** Default: those of the training rows, in code-point order. */
    labels: labels.optional(),
    columns: singleOrPair,
    labelSmoothing,
    /** Factors on the loss of rows with a label; 1 for those not named. */
    classWeights: z.record(z.string(), z.number().min(0)).optional(),
    /**
     * `tuned`: the label is that of the greatest probability divided by a threshold of its own. They are found on the validation rows when the training ends, for the best value of the task's first metric,
     * and stored with its parameters; all are equal where those found on one half of the rows bring nothing on the other.
     */
    thresholds: z.literal('tuned').optional(),
    /** An ensemble in one head: so many scorers on equal slices of the trunk's width, or the width of each slice; the mean of their logits decides. Those in a list of their own count together as one. Not about pairs. */
    members: z
      .union(
        [
          member.max(64),
          z
            .array(z.union([member, z.array(member).min(1).max(64)]))
            .min(1)
            .max(64),
        ],
        {
          error: 'It must be a whole number > 0, or a list of them and of lists of them.',
        },
      )
      .default(1),
    /**
     * Another task over the same rows whose labels divide this one's: each lies within one of them, as the training rows show. Beside a linear part twice the best score among the finer labels within a label
     * adds to its own.
     */
    finer: nameSchema.optional(),
  }),
  strictObject({
    ...common,
    head: z.literal('multiLabel'),
    labels: labels.optional(),
    columns: single,
    labelSmoothing,
    /** Factor on the loss of rows that have a label, one for all or by label, 1 for those not named. */
    positiveWeight: z
      .union([z.number().positive(), z.record(z.string(), z.number().positive())], { error: 'It must be a number > 0, or one by label.' })
      .optional(),
    /**
     * The least probability at which a label is given: one for all, by label (½ for those not named), or `tuned`: for each label the one with the greatest F1 on the
     * validation rows, found when the training ends and stored with its parameters.
     */
    thresholds: z
      .union([z.literal('tuned'), probability, z.record(z.string(), probability)], {
        error: "It must be 'tuned', a number between 0 and 1, or one by label.",
      })
      .default(0.5),
  }),
  strictObject({
    ...common,
    head: z.literal('regression'),
    columns: single,
    loss: z.enum(['squaredError', 'huber']).default('squaredError'),
  }),
  strictObject({
    ...common,
    head: z.literal('ordinal'),
    /** Lowest first: the order is the point. */
    labels,
    columns: single,
  }),
  strictObject({
    ...common,
    head: z.literal('tagging'),
    /** BIO tags ('B-place', 'I-place', …; 'O' may be left out). Default: those of the training rows. */
    labels: labels.optional(),
    labelSmoothing,
    /** Judge whole sequences of tags: a linear-chain CRF. Without label smoothing. */
    crf: z.boolean().default(false),
    columns: strictObject({ tokens: column.default('tokens'), tags: column.default('tags') }).default(() => ({
      tokens: 'tokens',
      tags: 'tags',
    })),
  }),
  strictObject({
    ...common,
    head: z.literal('pairSimilarity'),
    output: z.enum(['binary', 'score']).default('binary'),
    /** Least and greatest score. */
    range: z.tuple([z.number(), z.number()]).optional(),
    columns: strictObject({ a: column.default('a'), b: column.default('b'), label: column.default('label') }).default(() => ({
      a: 'a',
      b: 'b',
      label: 'label',
    })),
  }),
]);

export type TaskConfig = z.output<typeof taskSchema>;

/** Whether a task's thresholds are found on validation rows. */
export function isTuned(task: TaskConfig): boolean {
  return (task.head === 'multiLabel' || task.head === 'classification') && task.thresholds === 'tuned';
}
