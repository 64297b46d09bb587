import { type CheckpointStore, countParams, disposeParams, type Executor, type Files, type Params, TaskloomError } from '@taskloom/core';
import type { Evaluation } from '@taskloom/trainer';
import type { DataProvider } from '../data-provider';
import { buildDataset } from '../dataset';
import { loadParts, type RunParts, taskInfo } from '../load-run';
import { readSplit } from '../train';
import { filesKey, hashesOf, precisions as known, modelFiles, type Precision, writeParts } from './files';
import { predictionGraph } from './graph';
import { modelCard } from './model-card';
import { onnx } from './onnx';
import { predictionsOf } from './session';
import { type Agreement, type Verification, type Verifier, verifier } from './verify';

export interface ExportRunOptions {
  /** One model for each. Default fp32 alone. */
  readonly precisions?: readonly Precision[];
  /** Where the validation data lie: with it the models are judged beside the run. Needs ONNX Runtime. */
  readonly data?: DataProvider;
  /** The licence of the model, an SPDX name for example. */
  readonly licence?: string;
  /** What the run itself is judged on. Default `eager()`. */
  readonly executor?: Executor;
  /** Told before each model is made, and before the run is judged. */
  readonly onProgress?: (doing: string) => void;
}

/** One model of an export. */
export interface ExportedFile {
  readonly precision: Precision;
  readonly file: string;
  readonly bytes: number;
  /** Where it was judged. */
  readonly evaluation?: Evaluation;
  readonly agreement?: Agreement;
}

export interface RunExport {
  /** All files of the export: the models, what is needed to ask them, and `README.md`, a card of the model. */
  readonly files: Files;
  readonly models: readonly ExportedFile[];
  /** The run's own metrics on the validation split, where it was judged. */
  readonly run?: Evaluation;
}

/**
 * A run as ONNX models that any runtime can ask, with all that is needed to do so. With `data`, every model is judged on the validation split beside the
 * run, and their answers to about a hundred rows are compared. Throws what `loadRun` throws, `bad_option`, `missing_package`, `export_differs`.
 */
export async function exportRun(store: CheckpointStore, options: ExportRunOptions = {}): Promise<RunExport> {
  const { precisions = ['fp32'], data, executor, onProgress = () => {} } = options;
  const wrong = precisions.find((precision) => !known.includes(precision));
  if (wrong !== undefined || precisions.length === 0 || new Set(precisions).size !== precisions.length)
    throw new TaskloomError('bad_option', 'There is no such precision, or none, or one twice.', {
      name: 'precisions',
      got: precisions,
      expected: known,
    });
  const { exportOnnx, isInstalled, openModel } = await onnx();
  if (data && !(await isInstalled()))
    throw new TaskloomError('missing_package', 'ONNX Runtime is not installed, and judges the models.', {
      name: 'onnxruntime-node',
      remedy: 'npm install onnxruntime-node, or export without judging.',
    });
  const parts = await loadParts(store);
  try {
    if (data) onProgress('judging the run');
    const judge = data && (await judgeOf(parts, data, executor));
    const { predict, ...graph } = predictionGraph({ ...parts, shape: parts.features.shape });
    const beside = writeParts(parts);
    const metadata = await metadataOf(parts, beside, options.licence);
    const models: ExportedFile[] = [];
    const written: Record<string, Uint8Array> = {};
    for (const precision of precisions) {
      onProgress(`exporting ${precision}`);
      const file = modelFiles[precision];
      const bytes = exportOnnx(predict, { ...graph, metadata, precision });
      written[file] = bytes;
      const session = judge && (await openModel(bytes));
      const verified = judge && (await judge.verify(session!).finally(() => session!.release()));
      if (precision === 'fp32' && verified?.differs !== undefined)
        throw new TaskloomError('export_differs', `The exported model does not answer as the run does for '${verified.differs}'.`, {
          name: file,
          got: verified.agreement,
          expected: 'the same labels but for ties, and numbers within 1e-3',
        });
      const { evaluation, agreement }: Partial<Verification> = verified ?? {};
      models.push({ precision, file, bytes: bytes.length, ...(agreement ? { evaluation, agreement } : {}) });
    }
    const run = judge?.evaluation;
    const card = modelCard({
      config: parts.config,
      tasks: taskInfo(parts.config, parts.labels),
      shape: parts.features.shape,
      parameters: countParams(parts.params as unknown as Params),
      step: parts.step,
      licence: options.licence,
      models,
      run,
      files: Object.keys(beside),
    });
    return { files: { ...written, ...beside, 'README.md': new TextEncoder().encode(card) }, models, ...(run ? { run } : {}) };
  } finally {
    disposeParams(parts.params as unknown as Params);
    disposeParams(parts.buffers);
  }
}

async function judgeOf(parts: RunParts, data: DataProvider, executor: Executor | undefined): Promise<Verifier | undefined> {
  const sources = await readSplit(parts.config, 'validation', data);
  if (sources.length === 0) return undefined;
  const dataset = buildDataset(sources, parts.config.tasks, parts.features, parts.labels);
  return verifier(parts, dataset, executor ? { executor } : {});
}

async function metadataOf(
  { config, labels, step }: RunParts,
  beside: Files,
  licence: string | undefined,
): Promise<{ [key: string]: string }> {
  const tasks = taskInfo(config, labels).map((info, i) => ({ ...info, outputs: predictionsOf(config.tasks[i]!) }));
  return {
    'taskloom.name': config.name,
    'taskloom.step': String(step),
    'taskloom.tasks': JSON.stringify(tasks),
    [filesKey]: JSON.stringify(await hashesOf(beside)),
    ...(licence === undefined ? {} : { licence }),
  };
}
