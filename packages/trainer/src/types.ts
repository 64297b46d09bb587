import type {
  Balancer,
  Branch,
  CheckpointStore,
  Executor,
  FeatureBalancer,
  Host,
  HostArray,
  HostBatch,
  JacobianMethod,
  Json,
  MultiTaskModel,
  MultiTaskParams,
  Optimizer,
  Params,
  Pattern,
  SparseOptimizer,
  Tree,
} from '@taskloom/core';

/** The rows of one file; a row may carry labels for several tasks. */
export interface Source {
  readonly name: string;
  readonly size: number;
  readonly tasks: readonly string[];
}

/** Where batches come from. */
export interface Dataset {
  readonly sources: readonly Source[];
  /**
   * The rows numbered `rows` of one source, padded to `size` rows with weight 0. Names every task of the model, absent ones with weight 0
   * throughout, and gives the same shapes for the same `size`, so that one trace serves all batches.
   */
  batch(source: string, rows: Int32Array, size: number): HostBatch;
}

/** A learning rate, or one for each step (counted from 0). */
export type LearningRate = number | ((step: number) => number);

/** How likely each source is at one draw: pure, so that a resumed run draws what an uninterrupted one would have drawn. */
export interface Sampler {
  readonly name: string;
  /** Probabilities in the order of `sizes`, with sum 1; `draw` counts from 0 to `draws` − 1, each of `batchSize` rows. */
  probabilities(sizes: readonly number[], draw: number, draws: number, batchSize: number): Float64Array;
}

export interface EarlyStopping {
  /** `mean`, `<task or group>/<metric>` or `<task or group>/loss`. Default: `mean`. */
  readonly metric?: string;
  /** Evaluations without an improvement before training stops. Default: 5; `Infinity` only keeps the best. */
  readonly patience?: number;
  /** The least change that counts as an improvement. Default: 0. */
  readonly minDelta?: number;
}

export interface FitOptions {
  readonly model: MultiTaskModel;
  readonly train: Dataset;
  readonly validation?: Dataset;
  /** Where to start; copied. Default: `model.init` with the seed. */
  readonly params?: MultiTaskParams;
  readonly buffers?: Params;
  readonly optimizer: Optimizer;
  readonly learningRate: LearningRate;
  /** Greatest norm of the gradient over all that is trained; a longer one is scaled down. Default: none. */
  readonly clipNorm?: number;
  /**
   * Keeps the tables of embeddings that the trunk declares on the host, and moves with this optimiser the rows that a step's batches name: a step costs what its
   * batches cost, however large the tables are. Default: `optimizer` moves whole tables. Not with `ema`, nor with balancers that keep gradients or ask for losses after a step.
   */
  readonly tableOptimizer?: SparseOptimizer;
  /** Number of updates. */
  readonly steps: number;
  /** Rows of one draw from one source; a step sees `batchSize` × sources per step × `accumulate` rows. */
  readonly batchSize: number;
  /** Default: `proportional()`. */
  readonly sampler?: Sampler;
  /** Draws joined to one batch; `'all'`: one batch of every source in each step, which gradient balancers like. Default: 1. */
  readonly sourcesPerStep?: number | 'all';
  /** Micro-batches whose gradients are averaged to one update; a multiple of the batches that a Jacobian method compares. Default: that number, 1 for all others. */
  readonly accumulate?: number;
  /** Default: the sum of the losses. A scalarization's own parameters are trained by the same optimiser, under the path `balancing/…`. */
  readonly balancer?: Balancer;
  /** Where task gradients are balanced. Default: those of the shared parameters; see `FeatureFitOptions` for the other place. */
  readonly at?: 'parameters';
  /** Only parameters whose path (`shared/…`, `tasks/<task>/…`) matches are trained. Default: all. */
  readonly wrt?: Pattern;
  /** Parameters whose path matches are not trained, even if `wrt` selects them. */
  readonly freeze?: Pattern;
  /** Default: 0. */
  readonly seed?: number | string;
  /** Default: `eager()`. */
  readonly executor?: Executor;
  /** Updates that make an epoch, for schedules, callbacks and balancers. Default: one pass over as many rows as the sources hold. */
  readonly stepsPerEpoch?: number;
  /** Evaluate after so many steps, or at the end of each epoch. Default: `'epoch'`; the last step is always evaluated. */
  readonly evaluateEvery?: number | 'epoch';
  /** Default: `batchSize`. */
  readonly evaluationBatchSize?: number;
  /** Metrics by task, in place of the head's own. */
  readonly metrics?: EvaluateOptions['metrics'];
  /** Tasks that are judged together. */
  readonly groups?: readonly TaskGroup[];
  /** Keeps the best parameters and stops when the metric no longer improves. Default: keep the best by `mean`, never stop early. */
  readonly earlyStopping?: EarlyStopping;
  /** Decay of an exponential moving average of the parameters (0.999, say), which evaluation and the result then use. Default: none. */
  readonly ema?: number;
  /**
   * In place of `ema`: the mean of the parameters after every `every`-th step (default 10) that follows step `from`. It costs a copy of them each time in place of work in every step, and goes with `tableOptimizer`. It suits a constant
   * learning rate. B. T. Polyak & A. B. Juditsky 1992; P. Izmailov et al. 2018, arXiv:1803.05407. Buffers stay those of the last step. Default: none.
   */
  readonly average?: { readonly from: number; readonly every?: number };
  readonly store?: CheckpointStore;
  /** Steps between checkpoints. Default: at every evaluation. */
  readonly checkpointEvery?: number;
  /** Newest checkpoints kept, besides the best one. Default: 2. */
  readonly keep?: number;
  /** Go on from the newest checkpoint of the store, if there is one. Default: false. */
  readonly resume?: boolean;
  readonly callbacks?: readonly Callback[];
  /** On abort, `fit` finishes the step, saves and returns with `interrupted: true`. */
  readonly signal?: AbortSignal;
}

/**
 * Balancing at the representation that all heads read: T backward passes through the heads, and one through the trunk. For balancers that are sound there, and models whose
 * trunk does not look at the task.
 */
export interface FeatureFitOptions extends Omit<FitOptions, 'at' | 'balancer'> {
  readonly at: 'features';
  readonly balancer: FeatureBalancer | (JacobianMethod & { readonly features: true });
}

export interface FitResult {
  /** The final parameters (their average with `ema` or `average`); the caller owns them. */
  readonly params: MultiTaskParams;
  readonly buffers: Params;
  /** The parameters of the best evaluation, where there was one. The caller owns them. */
  readonly best?: { readonly step: number; readonly score: number; readonly params: MultiTaskParams; readonly buffers: Params };
  readonly history: History;
  /** Updates done, those before a resume included. */
  readonly step: number;
  readonly interrupted: boolean;
  readonly stoppedEarly: boolean;
  /** How often each source was passed over. */
  readonly effectiveEpochs: { readonly [source: string]: number };
}

/** What a step says of itself. */
export interface StepLogs {
  /** Updates done so far: 1 after the first. */
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly loss: number;
  /** Loss by task; a task without a label in this step is left out. */
  readonly losses: { readonly [task: string]: number };
  readonly weights: { readonly [task: string]: number };
  /** Cosines between the gradients of two tasks at the shared parameters, by both names; where the balancer looks at gradients. */
  readonly cosines?: { readonly [task: string]: { readonly [other: string]: number } };
  /** The share of those that are negative. */
  readonly conflict?: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Over the last steps, evaluation left out. */
  readonly rowsPerSecond: number;
  /** Expected time to the last step, evaluations not counted. */
  readonly secondsLeft: number;
}

/**
 * Precision, recall or F1 of one class, or the mean over some, by the labels' names: `{ f1: 'irony' }`, `{ f1: ['against', 'favor'] }`. In results it is
 * called `f1[irony]`, `f1[against,favor]`.
 */
export type ClassMetric =
  | { readonly f1: string | readonly string[] }
  | { readonly precision: string | readonly string[] }
  | { readonly recall: string | readonly string[] };

/** A metric by its name, or one of chosen classes. */
export type MetricChoice = string | ClassMetric;

/** Tasks with one list of labels whose predictions are put together before a metric is computed. */
export interface TaskGroup {
  readonly name: string;
  readonly tasks: readonly string[];
  /** Default: those of its first task. */
  readonly metrics?: readonly MetricChoice[];
}

/** Percentile bootstrap (Efron 1979): rows are drawn with replacement within each task, as many as it has. */
export interface Bootstrap {
  /** Replicates. Default: 1000. */
  readonly samples?: number;
  /** Default: 0.95. */
  readonly level?: number;
  /** Default: 0. */
  readonly seed?: number | string;
}

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

export interface TaskEvaluation {
  /** Labelled rows. */
  readonly rows: number;
  readonly loss: number;
  /** By name, main first. */
  readonly metrics: { readonly [name: string]: number };
  /** With `bootstrap`, by the metric's name. */
  readonly intervals?: { readonly [name: string]: Interval };
}

export interface GroupEvaluation extends TaskEvaluation {
  readonly tasks: readonly string[];
}

export interface Evaluation {
  readonly tasks: { readonly [task: string]: TaskEvaluation };
  /** Where groups were asked for. */
  readonly groups?: { readonly [group: string]: GroupEvaluation };
  /** Mean over the groups and the tasks in no group, those with labelled rows, of the first metric of each for which higher is better. */
  readonly mean: number;
  readonly interval?: Interval;
}

/** What an epoch says of itself: means over its steps, and its last evaluation. */
export interface EpochLogs {
  readonly step: number;
  readonly loss: number;
  readonly losses: { readonly [task: string]: number };
  readonly learningRate: number;
  readonly seconds: number;
  readonly validation?: Evaluation;
}

/** Plain JSON, kept in checkpoints. */
export interface History {
  readonly epochs: readonly ({ readonly epoch: number } & EpochLogs)[];
  readonly evaluations: readonly ({ readonly step: number } & Evaluation)[];
}

export interface TrainInfo {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly tasks: readonly string[];
  readonly parameters: number;
  /** 0, or where a resumed run goes on. */
  readonly startStep: number;
}

type Maybe = void | Promise<void>;

/** Parameters and buffers as host arrays. */
export type HostModel = Host<{ readonly params: MultiTaskParams; readonly buffers: Params }>;

/** Called by `fit`, in the order given, each awaited. Names and order are those of Keras; a batch is one update, and epochs and batches count from 0. */
export interface Callback {
  onTrainBegin?(info: TrainInfo): Maybe;
  onEpochBegin?(epoch: number): Maybe;
  onBatchBegin?(batch: number): Maybe;
  /** `read` gives a copy of the parameters and buffers after this update, on the host. */
  onBatchEnd?(batch: number, logs: StepLogs, read: () => Promise<HostModel>): Maybe;
  /** `step`: updates done. */
  onTestBegin?(step: number): Maybe;
  onTestEnd?(step: number, evaluation: Evaluation): Maybe;
  /** After a checkpoint was written under `name`. */
  onSave?(step: number, name: string): Maybe;
  onEpochEnd?(epoch: number, logs: EpochLogs): Maybe;
  onTrainEnd?(result: Omit<FitResult, 'params' | 'buffers' | 'best'>): Maybe;
}

export interface EvaluateOptions {
  readonly model: MultiTaskModel;
  /** Not taken over: the caller still owns them. */
  readonly params: MultiTaskParams;
  readonly buffers?: Params;
  readonly dataset: Dataset;
  /** Default: 64. */
  readonly batchSize?: number;
  readonly executor?: Executor;
  /** Metrics by task, in place of the head's own. */
  readonly metrics?: { readonly [task: string]: readonly MetricChoice[] | undefined };
  /** Tasks that are judged together. */
  readonly groups?: readonly TaskGroup[];
  /** Adds intervals to all metrics and to the mean. Default: none. */
  readonly bootstrap?: Bootstrap;
  /** Called with each task's predictions and targets, for a confusion matrix, say. */
  readonly onOutputs?: (task: string, outputs: TaskOutputs) => void;
}

/** A task's labelled rows, batch by batch (batches may differ in length of time). */
export interface TaskOutputs {
  readonly kind: string;
  /** From the head's config. */
  readonly labels?: readonly string[];
  readonly batches: readonly { readonly predictions: Branch<HostArray>; readonly target: Tree<HostArray> }[];
}

/** A metric by name, for heads: from what `head.predict` gives and the target. Main functions on plain arrays stand beside it. */
export interface Metric {
  readonly higherIsBetter: boolean;
  /** Kinds of heads it judges; pairSimilarity counts as `classification` where it answers yes or no, and as `regression` where it gives a score. */
  readonly kinds: readonly string[];
  /** Where it only makes sense for two classes. */
  readonly twoClasses?: boolean;
  /** Which predictions it reads. */
  readonly needs: readonly string[];
  compute(outputs: TaskOutputs): number;
}

/** A checkpoint read back, on the host. */
export interface TrainingCheckpoint {
  readonly step: number;
  /** What evaluation used: the average with `ema` or `average`, else the parameters. */
  readonly params: Branch<HostArray>;
  readonly buffers: Branch<HostArray>;
  /** Everything needed to go on: `{ params, buffers, optimizer, balancing?, ema? }`. */
  readonly state: Branch<HostArray>;
  readonly progress: Json;
}
