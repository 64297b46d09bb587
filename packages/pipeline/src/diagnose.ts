import { disposeParams, type Executor } from '@taskloom/core';
import { type Diagnosis, diagnosisOf } from '@taskloom/mtl-loss/diagnosis';
import { fit, gradientProbe } from '@taskloom/trainer';
import { resolveConfig } from './config';
import type { DataProvider } from './data-provider';
import { buildDataset } from './dataset';
import { type Execution, executorFor } from './execution';
import { buildFeatures } from './features';
import { buildModel } from './model';
import { optimizationOf, stepsOf } from './optimization';
import type { Config, ResolvedConfig } from './schema';
import { startingModel } from './starting-model';
import { featuresSource, labelsOf, type ProgressEvent, progressCallback, readSplit } from './train';

export interface DiagnoseConfigOptions {
  readonly data: DataProvider;
  /** How often to look in the course of the training. Default 10. */
  readonly looks?: number;
  /** Measurements of one look. Default 4. */
  readonly repeats?: number;
  readonly onProgress?: (event: ProgressEvent) => void | Promise<void>;
  /** On abort the diagnosis is made of what was measured until then, and `interrupted` is true. */
  readonly signal?: AbortSignal;
  /** As for `train`. */
  readonly execution?: Execution;
  readonly executor?: Executor;
}

export interface ConfigDiagnosis {
  /** Absent where the training was stopped before the first look. */
  readonly diagnosis?: Diagnosis;
  readonly steps: number;
  readonly interrupted: boolean;
  readonly seconds: number;
}

/**
 * Trains the model of a config, keeps nothing of it, and says whether its tasks go together: their gradients are measured `looks` times on the way, on rows of all sources.
 * Reads the training split only.
 */
export async function diagnose(config: Config | ResolvedConfig, options: DiagnoseConfigOptions): Promise<ConfigDiagnosis> {
  const began = performance.now();
  const { data, looks = 10, repeats = 4, signal, onProgress } = options;
  const resolved = resolveConfig(config);
  const executor = await executorFor(options);

  const rows = await readSplit(resolved, 'train', data);
  const labels = labelsOf(resolved, rows);
  const features = await buildFeatures(resolved, featuresSource(rows, data, undefined));
  const dataset = buildDataset(rows, resolved.tasks, features, labels);
  const model = startingModel(buildModel(resolved, features.shape, labels), features, resolved.training);
  const { training } = resolved;
  const steps = stepsOf(
    resolved,
    dataset.sources.reduce((sum, { size }) => sum + size, 0),
    dataset.sources.length,
  );
  const probe = gradientProbe({
    model,
    dataset,
    batchSize: training.batchSize,
    every: Math.max(1, Math.floor(steps / looks)),
    repeats,
    seed: resolved.seed,
    executor,
  });
  const { params, buffers, step, interrupted } = await fit({
    model,
    train: dataset,
    ...optimizationOf(resolved, steps),
    executor,
    signal,
    callbacks: [progressCallback(onProgress, () => {}), probe],
  }).finally(() => probe.dispose());
  for (const tree of [params, buffers]) disposeParams(tree);
  return {
    ...(probe.measurements.length > 0 ? { diagnosis: diagnosisOf(probe.measurements, probe.tasks) } : {}),
    steps: step,
    interrupted,
    seconds: (performance.now() - began) / 1000,
  };
}
