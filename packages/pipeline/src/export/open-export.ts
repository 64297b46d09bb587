import type { Files } from '@taskloom/core';
import { type Run, taskInfo } from '../load-run';
import { type PredictorParts, predict, predictMany } from '../predictor';
import { readParts } from './files';
import { onnx } from './onnx';
import { computeOn } from './session';

/** What answers questions: a run, or an exported model. */
export interface Predictor extends Pick<Run, 'config' | 'tasks' | 'predict' | 'predictMany'> {
  dispose(): void;
}

/** An exported model, ready to answer. */
export interface ExportedModel extends Predictor {
  /** What the model's file says about itself. */
  readonly metadata: { readonly [key: string]: string };
}

export interface OpenExportOptions {
  /** Threads of one question. Default: as many as there are cores. */
  readonly threads?: number;
}

/**
 * Opens an exported model on ONNX Runtime: the bytes of its file, and the files that were exported with it. It computes nothing on TensorFlow.js. Throws
 * `missing_package`, `file_corrupt`, `not_found`. The caller disposes.
 */
export async function openExport(model: Uint8Array, files: Files, { threads }: OpenExportOptions = {}): Promise<ExportedModel> {
  const { openModel, readOnnxMetadata } = await onnx();
  const metadata = readOnnxMetadata(model);
  const { config, labels, features } = await readParts(files, metadata);
  const session = await openModel(model, threads === undefined ? {} : { threads });
  const parts: PredictorParts = { tasks: config.tasks, labels, features, compute: computeOn(session, config.tasks, features.shape) };
  return {
    config,
    metadata,
    tasks: taskInfo(config, labels),
    predict: (inputs, options) => predict(parts, inputs, options),
    predictMany: (inputs, options) => predictMany(parts, inputs, options),
    dispose: () => void session.release(),
  };
}
