import {
  type CheckpointStore,
  countParams,
  disposeParams,
  type Executor,
  type Json,
  type MultiTaskModel,
  type MultiTaskParams,
  type Params,
} from '@taskloom/core';
import { type EvaluateOptions, type Evaluation, evaluate as evaluateModel } from '@taskloom/trainer';
import { computeEagerly } from './compute';
import type { DataProvider } from './data-provider';
import { buildDataset } from './dataset';
import { type Execution, executorFor } from './execution';
import { buildFeatures, type Features } from './features';
import type { Labels } from './labels';
import { judgingOf } from './metrics-schema';
import { buildModel } from './model';
import type { Prediction } from './predictions';
import { type PredictInput, type PredictOptions, type PredictorParts, predict, predictMany } from './predictor';
import { readRun } from './run-files';
import { type Kept, type ParametersInfo, readParameters } from './run-parameters';
import type { ResolvedConfig } from './schema';
import { isPairTask } from './source-plan';
import { readSplit } from './train';
import { truncation } from './truncation';

/** A task of a run, for those who use it. */
export interface TaskInfo {
  readonly name: string;
  readonly head: ResolvedConfig['tasks'][number]['head'];
  readonly labels: readonly string[];
  /** Whether it is about two texts, `{ a, b }`. */
  readonly pair: boolean;
}

/** A trained model, ready to answer. */
export interface Run {
  readonly config: ResolvedConfig;
  readonly tasks: readonly TaskInfo[];
  /** How many numbers the model has. */
  readonly parameters: number;
  /** The training step whose parameters these are, and whether training had come to its end. */
  readonly step: number;
  readonly complete: boolean;
  readonly model: MultiTaskModel;
  readonly params: MultiTaskParams;
  /** Answers in the order of the inputs: texts, `{ text }`, `{ tokens }`, or pairs `{ a, b }`. */
  predict(inputs: readonly PredictInput[], options?: PredictOptions): Promise<Prediction[]>;
  /** The same for a stream, a batch at a time. */
  predictMany(inputs: Iterable<PredictInput> | AsyncIterable<PredictInput>, options?: PredictOptions): AsyncGenerator<Prediction>;
  /** Metrics on a split; the only thing here that reads data. */
  evaluate(split: 'train' | 'validation' | 'test', options: EvaluateRunOptions): Promise<RunEvaluation>;
  /** Frees the parameters. */
  dispose(): void;
}

/** Metrics, and how many rows were not seen to their end. */
export interface RunEvaluation extends Evaluation {
  /** Rows with a text longer than `features.maxTokens`; what comes after is left out, tags included. */
  readonly truncated: number;
}

export interface EvaluateRunOptions extends Pick<EvaluateOptions, 'batchSize' | 'metrics' | 'groups' | 'bootstrap' | 'onOutputs'> {
  readonly data: DataProvider;
  /** Where the model runs; see `TrainOptions`. Default `auto`. */
  readonly execution?: Execution;
  /** An executor of one's own, in place of `execution`. */
  readonly executor?: Executor;
}

/**
 * Loads a run from a store. A run is JSON and numbers: nothing of it is executed, and all of it is checked against what the config says it
 * must be. Throws `not_found`, `run_corrupt`, `run_too_new`. The caller disposes.
 */
export async function loadRun(store: CheckpointStore): Promise<Run> {
  const { config, labels, state, features, model, params, buffers, step, complete } = await loadParts(store);
  const compute = computeEagerly({ shape: features.shape, model, params, buffers });
  const parts: PredictorParts = { tasks: config.tasks, labels, features, compute };
  return {
    config,
    tasks: taskInfo(config, labels),
    parameters: countParams(params as unknown as Params),
    step,
    complete,
    model,
    params,
    predict: (inputs, options) => predict(parts, inputs, options),
    predictMany: (inputs, options) => predictMany(parts, inputs, options),
    async evaluate(split, { data, execution, executor, ...options }) {
      const sources = await readSplit(config, split, data);
      const truncated = await truncation(config, { stored: state, data });
      const dataset = buildDataset(sources, config.tasks, features, labels);
      const on = await executorFor({ execution, executor });
      const evaluation = await evaluateModel({ model, params, buffers, dataset, executor: on, ...judgingOf(config), ...options });
      return { ...evaluation, truncated: sources.reduce((sum, source) => sum + truncated(source), 0) };
    },
    dispose() {
      disposeParams(params as unknown as Params);
      disposeParams(buffers);
    },
  };
}

/** All that a run is made of, checked; the caller owns the tensors. */
export interface RunParts extends Kept, ParametersInfo {
  readonly config: ResolvedConfig;
  readonly labels: Labels;
  /** What the features have learned. */
  readonly state: Json;
  readonly features: Features;
  readonly model: MultiTaskModel;
}

export async function loadParts(store: CheckpointStore): Promise<RunParts> {
  const { config, labels, features: state } = await readRun(store);
  const features = await buildFeatures(config, { state });
  const untuned = buildModel(config, features.shape, labels);
  const kept = await readParameters(store, untuned);
  const model = kept.thresholds ? buildModel(config, features.shape, labels, kept.thresholds) : untuned;
  return { config, labels, state, features, model, ...kept };
}

export function taskInfo(config: ResolvedConfig, labels: Labels): readonly TaskInfo[] {
  return config.tasks.map((task) => ({ name: task.name, head: task.head, labels: labels[task.name] ?? [], pair: isPairTask(task) }));
}

/** Metrics of a run in a store on one split; see `Run.evaluate`. */
export async function evaluate(
  store: CheckpointStore,
  { split, ...options }: EvaluateRunOptions & { readonly split: 'train' | 'validation' | 'test' },
): Promise<RunEvaluation> {
  const run = await loadRun(store);
  try {
    return await run.evaluate(split, options);
  } finally {
    run.dispose();
  }
}
