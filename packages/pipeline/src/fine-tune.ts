import { type CheckpointStore, disposeParams, type Executor, matcher, type Params, type Pattern, TaskloomError } from '@taskloom/core';
import { type Callback, fit } from '@taskloom/trainer';
import type { Row } from './data-provider';
import { buildDataset } from './dataset';
import { buildFeatures } from './features';
import { fittedApart } from './linear-part';
import { buildModel } from './model';
import { buildOptimizers } from './optimization';
import { hasRun, readRun, writeRun } from './run-files';
import { readParameters, writeParameters } from './run-parameters';
import type { ResolvedConfig } from './schema';
import { planSources } from './source-plan';
import { readSource, type SourceRows } from './sources';

export interface FineTuneOptions {
  /** Where the tuned run goes; a run that is there is replaced. Not the store that is read. */
  readonly into: CheckpointStore;
  /** Labelled rows by task, with the columns that the config names; labels are those the run knows. */
  readonly rows: { readonly [task: string]: readonly Row[] };
  /** Updates, each on one batch of one task. Default 20. */
  readonly steps?: number;
  /** Constant. Default: a fifth of the config's. */
  readonly learningRate?: number;
  /** Default: the config's, at most as many as the largest task has rows. */
  readonly batchSize?: number;
  /** As for `fit`: parameters by path, `shared/…` and `tasks/<task>/…`. Default: all are trained. */
  readonly wrt?: Pattern;
  readonly freeze?: Pattern;
  readonly executor?: Executor;
  readonly callbacks?: readonly Callback[];
  /** On abort nothing is stored, and `interrupted` is true. */
  readonly signal?: AbortSignal;
}

export interface FineTuneResult {
  /** Updates done. */
  readonly steps: number;
  readonly interrupted: boolean;
}

/**
 * Trains the parameters of the run in `from` further, on a few labelled rows, and stores what comes of it in `into` as a run of its own, for
 * `loadRun`. `from` is only read, so that there is always a way back. A few rows say little, and what they do not speak of may be forgotten: few steps and a low
 * rate keep more. Tuned thresholds stay as they were. Throws `unknown_task`, `bad_data` (no rows, a label that the run does not have), and what `loadRun` throws.
 */
export async function fineTune(from: CheckpointStore, options: FineTuneOptions): Promise<FineTuneResult> {
  const { into, steps = 20, executor, callbacks, signal } = options;
  const description = await readRun(from);
  const { config, labels } = description;
  const features = await buildFeatures(config, { state: description.features });
  const sources = await sourcesOf(config, options.rows);
  const model = buildModel(config, features.shape, labels);
  const train = buildDataset(sources, config.tasks, features, labels);
  const { params, buffers, step, thresholds } = await readParameters(from, model);
  const frozen = [fittedApart(config), options.freeze ?? []].map((pattern) => matcher(pattern));
  try {
    const result = await fit({
      model,
      params,
      buffers,
      train,
      ...buildOptimizers(config.training),
      learningRate: options.learningRate ?? config.training.learningRate / 5,
      steps,
      batchSize: options.batchSize ?? Math.min(config.training.batchSize, Math.max(...train.sources.map(({ size }) => size))),
      wrt: options.wrt,
      freeze: (path) => frozen.some((matches) => matches(path)),
      seed: config.seed,
      executor,
      callbacks,
      signal,
    });
    try {
      if (!result.interrupted) {
        if (await hasRun(into)) for (const name of await into.list()) await into.remove(name);
        await writeRun(into, description);
        await writeParameters(into, result, { step: step + result.step, complete: true, thresholds });
      }
    } finally {
      disposeParams(result.params as unknown as Params);
      disposeParams(result.buffers);
    }
    return { steps: result.step, interrupted: result.interrupted };
  } finally {
    disposeParams(params as unknown as Params);
    disposeParams(buffers);
  }
}

/** A source for each task that has rows. */
async function sourcesOf(config: ResolvedConfig, rows: FineTuneOptions['rows']): Promise<SourceRows[]> {
  const sources: SourceRows[] = [];
  for (const [name, own] of Object.entries(rows)) {
    const task = config.tasks.find((candidate) => candidate.name === name);
    if (!task)
      throw new TaskloomError('unknown_task', `There is no task '${name}'.`, { name, expected: config.tasks.map((known) => known.name) });
    if (own.length === 0) continue;
    const [plan] = planSources([task]);
    const examples = { ...plan!, name, train: [`examples of ${name}`], validation: undefined };
    sources.push((await readSource(examples, 'train', { rows: async () => own }, config.seed))!);
  }
  if (sources.length === 0) throw new TaskloomError('bad_data', 'There are no rows to learn from.', { name: 'rows' });
  return sources;
}
