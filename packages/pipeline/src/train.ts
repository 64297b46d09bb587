import { type CheckpointStore, disposeParams, type Executor, type Json, TaskloomError } from '@taskloom/core';
import {
  type Callback,
  type Dataset,
  type EpochLogs,
  type Evaluation,
  evaluate,
  fit,
  type History,
  type StepLogs,
  type TrainInfo,
} from '@taskloom/trainer';
import { resolveConfig } from './config';
import type { DataProvider } from './data-provider';
import { buildDataset } from './dataset';
import { type Execution, type ExecutionEvent, executorFor } from './execution';
import { buildFeatures } from './features';
import { fitLinearPart, type LinearEvent } from './fit-linear-part';
import { collectLabels, type Labels, type PlacedRow } from './labels';
import { assertMetricLabels, judgingOf } from './metrics-schema';
import { buildModel } from './model';
import { optimizationOf, stepsOf } from './optimization';
import { hasRun, type RunDescription, readRun, writeRun } from './run-files';
import { writeParameters } from './run-parameters';
import type { Config, ResolvedConfig } from './schema';
import { planSources } from './source-plan';
import { readSource, type SourceRows } from './sources';
import { startingModel } from './starting-model';
import { tuneThresholds } from './tune-thresholds';

/** What happens while a run is trained. */
export type ProgressEvent =
  | ExecutionEvent
  | {
      readonly kind: 'data';
      readonly sources: readonly { readonly name: string; readonly rows: number; readonly tasks: readonly string[] }[];
    }
  | LinearEvent
  | ({ readonly kind: 'begin' } & TrainInfo)
  | ({ readonly kind: 'step' } & StepLogs)
  | { readonly kind: 'evaluation'; readonly step: number; readonly evaluation: Evaluation }
  | ({ readonly kind: 'epoch'; readonly epoch: number } & EpochLogs)
  | { readonly kind: 'saved'; readonly step: number; readonly name: string };

export interface TrainOptions {
  /** Where the run goes: a folder, memory, a browser's database. */
  readonly store: CheckpointStore;
  readonly data: DataProvider;
  readonly onProgress?: (event: ProgressEvent) => void | Promise<void>;
  /** On abort the step is finished, the state saved, and `interrupted` is true. */
  readonly signal?: AbortSignal;
  /** Default `auto`: compiled on ONNX Runtime where it is installed. A run may be resumed with another. */
  readonly execution?: Execution;
  /** An executor of one's own, in place of `execution`. */
  readonly executor?: Executor;
  /** Go on with the run in the store, which must have this config. Default false. */
  readonly resume?: boolean;
  /** Replace a run that the store holds already. Default false: `run_exists`. */
  readonly overwrite?: boolean;
  /** Kept with the run for the caller's own use; see `readOrigin`. */
  readonly origin?: Json;
  /** Passed on to the trainer. */
  readonly callbacks?: readonly Callback[];
}

export interface TrainResult {
  readonly config: ResolvedConfig;
  readonly history: History;
  /** Updates done. */
  readonly step: number;
  readonly interrupted: boolean;
  readonly stoppedEarly: boolean;
  /** The step whose parameters were kept. */
  readonly keptStep: number;
  /** On the validation split, of the parameters that were kept, with tuned thresholds where the config asks for them. */
  readonly validation?: Evaluation;
  readonly parameters: number;
  /** Wall time of this call, in seconds. */
  readonly seconds: number;
}

/**
 * Trains the run that a config describes, and stores it: description first, checkpoints on the way, the kept parameters at the end. Reads the
 * training and validation splits and never the test split. Throws `bad_config`, `bad_data`, `run_exists`, `config_changed`.
 */
export async function train(config: Config | ResolvedConfig, options: TrainOptions): Promise<TrainResult> {
  const began = performance.now();
  const { store, data, signal, callbacks = [], resume = false } = options;
  const resolved = resolveConfig(config);
  await prepareStore(store, resolved, resume, options.overwrite ?? false);

  const executor = await executorFor(options);

  // Data, labels, features.
  const trainRows = await readSplit(resolved, 'train', data);
  const validationRows = await readSplit(resolved, 'validation', data);
  const stored = resume ? await readRun(store) : undefined;
  const labels = stored?.labels ?? labelsOf(resolved, trainRows);
  assertMetricLabels(resolved, labels);
  const features = await buildFeatures(resolved, featuresSource(trainRows, data, stored));
  const dataset = buildDataset(trainRows, resolved.tasks, features, labels);
  const validation = validationRows.length > 0 ? buildDataset(validationRows, resolved.tasks, features, labels) : undefined;
  await options.onProgress?.({ kind: 'data', sources: describe(dataset) });

  // Store, model.
  if (!stored) await writeRun(store, { config: resolved, labels, features: features.state, origin: options.origin });
  const built = buildModel(resolved, features.shape, labels);
  const fitted = await fitLinearPart(resolved, dataset, features.shape, labels, options);
  const model = startingModel(built, features, resolved.training, fitted);

  // Fit.
  const { training } = resolved;
  const rows = dataset.sources.reduce((sum, source) => sum + source.size, 0);
  const steps = stepsOf(resolved, rows, dataset.sources.length);
  const evaluateEvery = Math.min(steps, training.evaluateEvery ?? Math.max(1, Math.ceil(steps / 10)));
  let parameters = 0;
  const result = await fit({
    model,
    train: dataset,
    validation,
    ...optimizationOf(resolved, steps),
    executor,
    ...judgingOf(resolved),
    evaluateEvery,
    evaluationBatchSize: 64,
    checkpointEvery: training.checkpointEvery ?? evaluateEvery,
    earlyStopping: { patience: Number.POSITIVE_INFINITY, ...training.earlyStopping },
    ema: training.ema,
    average: averageOf(training, steps),
    store,
    resume,
    signal,
    callbacks: [progressCallback(options.onProgress, (count) => (parameters = count)), ...callbacks],
  });

  // Keep.
  const best = training.keepBest ? result.best : undefined;
  const kept = best ?? result;
  const keptStep = best?.step ?? result.step;
  let ofKept: Evaluation | undefined = result.history.evaluations.find(({ step }) => step === keptStep);
  try {
    const thresholds = await tuneThresholds(resolved, model, kept, validation, executor);
    await writeParameters(store, kept, { step: keptStep, complete: !result.interrupted, thresholds });
    if (thresholds) {
      const tuned = buildModel(resolved, features.shape, labels, thresholds);
      ofKept = await evaluate({ model: tuned, ...kept, dataset: validation!, executor, ...judgingOf(resolved) });
    }
  } finally {
    for (const tree of [result.params, result.buffers, result.best?.params, result.best?.buffers]) if (tree) disposeParams(tree);
  }
  return {
    config: resolved,
    history: result.history,
    step: result.step,
    interrupted: result.interrupted,
    stoppedEarly: result.stoppedEarly,
    keptStep,
    ...(ofKept ? { validation: withoutStep(ofKept) } : {}),
    parameters,
    seconds: (performance.now() - began) / 1000,
  };
}

/** In a short run at least the last step counts. */
function averageOf({ average }: ResolvedConfig['training'], steps: number): { readonly from: number; readonly every: number } | undefined {
  if (!average) return undefined;
  const from = Math.min(steps - 1, Math.round(average.after * steps));
  return { from, every: Math.min(average.every, steps - from) };
}

function withoutStep({ step: _, ...evaluation }: Evaluation & { readonly step?: number }): Evaluation {
  return evaluation;
}

/** Goes on with the run in a store, as if it had not been interrupted. */
export async function resume(options: Omit<TrainOptions, 'resume' | 'overwrite'>): Promise<TrainResult> {
  const { config } = await readRun(options.store);
  return train(config, { ...options, resume: true });
}

/** All sources that have rows in a split. */
export async function readSplit(config: ResolvedConfig, split: 'train' | 'validation' | 'test', data: DataProvider): Promise<SourceRows[]> {
  const sources: SourceRows[] = [];
  for (const plan of planSources(config.tasks)) {
    const source = await readSource(plan, split, data, config.seed);
    if (source) sources.push(source);
  }
  return sources;
}

/** The labels of all tasks, from the config and the training rows. */
export function labelsOf(config: ResolvedConfig, sources: readonly SourceRows[]): Labels {
  const rowsOf = (task: string): readonly PlacedRow[] =>
    sources.find(({ plan }) => plan.tasks.some(({ name }) => name === task))?.rows ?? [];
  return Object.fromEntries(config.tasks.map((task) => [task.name, collectLabels(task, rowsOf(task.name))]));
}

export function featuresSource(
  sources: readonly SourceRows[],
  data: DataProvider,
  stored: RunDescription | undefined,
): Parameters<typeof buildFeatures>[1] {
  return {
    ...(stored ? { state: stored.features } : {}),
    documents: function* () {
      for (const source of sources) for (const documents of source.documents) yield* documents;
    },
    ...(data.text ? { text: (file) => data.text!(file) } : {}),
  };
}

async function prepareStore(store: CheckpointStore, config: ResolvedConfig, resuming: boolean, overwrite: boolean): Promise<void> {
  const names = await store.list();
  if (resuming) {
    const stored = await readRun(store);
    if (JSON.stringify(stored.config) !== JSON.stringify(config))
      throw new TaskloomError('config_changed', 'The config is not the one that this run was started with.', {
        name: config.name,
        remedy: 'Resume without a config, or train a new run.',
      });
    return;
  }
  if (!(await hasRun(store))) return;
  if (!overwrite)
    throw new TaskloomError('run_exists', 'There is a run here already.', {
      name: config.name,
      remedy: 'Resume it, choose another place, or ask to overwrite it.',
    });
  for (const name of names) await store.remove(name);
}

export function progressCallback(tell: TrainOptions['onProgress'], count: (parameters: number) => void): Callback {
  return {
    onTrainBegin(info) {
      count(info.parameters);
      return tell?.({ kind: 'begin', ...info });
    },
    onBatchEnd: (_, logs) => tell?.({ kind: 'step', ...logs }),
    onTestEnd: (step, evaluation) => tell?.({ kind: 'evaluation', step, evaluation }),
    onEpochEnd: (epoch, logs) => tell?.({ kind: 'epoch', epoch, ...logs }),
    onSave: (step, name) => tell?.({ kind: 'saved', step, name }),
  };
}

function describe(dataset: Dataset) {
  return dataset.sources.map(({ name, size, tasks }) => ({ name, rows: size, tasks }));
}
