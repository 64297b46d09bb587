import { z } from 'zod';
import { balancerFault, balancers } from './balancers';
import { oneOf, strictObject } from './strict-object';
import { tablesFault } from './touched-tables';

const count = z.number().int().positive();

/** How the model is fitted. */
export const trainingSchema = strictObject({
  /** Updates in all. Give this or `epochs`. */
  steps: count.max(10_000_000).optional(),
  /** Passes over the training rows of all sources together; default 10 where `steps` is not given. */
  epochs: z.number().positive().max(100_000).optional(),
  /** Rows per step. */
  batchSize: count.max(65_536).default(32),
  learningRate: z.number().positive().default(0.002),
  /**
   * Factors on the learning rate by pattern of parameter paths, the first that matches: `{ 'shared/filters/**': 0.2 }`. They do not reach tables that are
   * trained by their rows.
   */
  learningRates: z.record(z.string().min(1), z.number().min(0)).optional(),
  schedule: oneOf(['constant', 'cosine', 'linear']).default('cosine'),
  /** Fraction of the steps over which the learning rate rises from 0. */
  warmup: z.number().min(0).lt(1).default(0.05),
  optimizer: oneOf(['adamw', 'adam', 'sgd', 'lion', 'rmsprop', 'adagrad', 'radam', 'nadam']).default('adamw'),
  /** Decoupled weight decay (adamw, lion). */
  weightDecay: z.number().min(0).default(0.01),
  /** Greatest norm of the gradient; 0 for no clipping. */
  clipNorm: z.number().min(0).default(1),
  /**
   * Which rows of the tables of embeddings a step moves: the `whole` table, or those that its batches name (`touched`; with adamw, adam and adagrad), whose cost does
   * not grow with the table. A row's moments, and its decay, then move in the steps that name it.
   */
  tables: oneOf(['whole', 'touched']).default('whole'),
  /** Which source the next batch comes from. */
  sampler: oneOf(['proportional', 'temperature', 'annealed', 'uniform', 'roundRobin', 'uniMax']).default('proportional'),
  /** Sources drawn for one step; 'all': one batch of every source in each step, which gradient balancers like. */
  sourcesPerStep: z.union([count.max(64), z.literal('all')]).default(1),
  /** Micro-batches whose gradients are averaged to one update. Default 1, or as many as the balancer compares. */
  accumulate: count.max(1024).optional(),
  /** T of the temperature sampler: source i with probability ∝ size^(1/T). */
  temperature: z.number().positive().default(2),
  /** How the tasks are balanced: a method of `@taskloom/mtl-loss/methods` by its name. */
  balancer: oneOf([...balancers.keys()] as [string, ...string[]]).default('sum'),
  /** The method's own options. */
  balancerOptions: z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.array(z.number())])).optional(),
  /**
   * Where the gradients of the tasks are taken that a balancer compares: of the shared parameters, or at the representation that the heads share, which costs little more than one backward
   * pass. The trunk must not look at the task then.
   */
  balanceAt: oneOf(['parameters', 'features']).default('parameters'),
  /** Steps between evaluations on the validation split; default a tenth of the run. */
  evaluateEvery: count.optional(),
  /** Steps between checkpoints; default as `evaluateEvery`. */
  checkpointEvery: count.optional(),
  earlyStopping: strictObject({
    /** `<task>/<metric>`, or 'mean': the mean of the tasks' main metrics. */
    metric: z.string().default('mean'),
    /** Evaluations without a new best before training ends. */
    patience: count.default(5),
  }).optional(),
  /** Keep the parameters of the best evaluation (by `earlyStopping.metric`, else 'mean') rather than the last ones. */
  keepBest: z.boolean().default(true),
  /** Decay of an exponential moving average of the parameters, used for evaluation and prediction. */
  ema: z.number().gt(0).lt(1).optional(),
  /**
   * In its place the mean of the parameters after every `every`-th step, after the fraction `after` of the steps: cheaper, also with `touched` tables, and best at a constant rate (Izmailov et al. 2018,
   * arXiv:1803.05407).
   */
  average: strictObject({ after: z.number().min(0).lt(1), every: count.default(10) }).optional(),
})
  .refine((training) => training.steps === undefined || training.epochs === undefined, {
    message: "Give 'steps' or 'epochs', not both.",
    path: ['steps'],
  })
  .refine((training) => training.average === undefined || training.ema === undefined, {
    message: "Give 'average' or 'ema', not both.",
    path: ['average'],
  })
  .superRefine((training, context) => {
    const fault = balancerFault(training);
    if (fault) return context.addIssue({ code: 'custom', path: [...fault.path], message: fault.message });
    const tables = tablesFault(training);
    if (tables) context.addIssue({ code: 'custom', path: ['tables'], message: tables });
  });

export type TrainingConfig = z.output<typeof trainingSchema>;
