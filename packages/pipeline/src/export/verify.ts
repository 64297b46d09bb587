import { type Executor, eager, type HostArray } from '@taskloom/core';
import type { OnnxModel } from '@taskloom/onnx';
import { type Dataset, type EvaluateOptions, type Evaluation, evaluate, type TaskOutputs } from '@taskloom/trainer';
import type { RunParts } from '../load-run';
import { judgingOf } from '../metrics-schema';
import { judgingExecutor } from './session';

/** How far the answers of an exported model are from the run's. */
export interface Agreement {
  readonly rows: number;
  /** Of the labels and tags that both gave, the share that is the same; 1 where there are none. */
  readonly same: number;
  /** Greatest difference of a probability or a value, relative to 1 + its size. */
  readonly largest: number;
}

export interface Verification {
  readonly evaluation: Evaluation;
  readonly agreement: Agreement;
}

/** Judges a run on data, and exported models beside it. */
export interface Verifier {
  readonly evaluation: Evaluation;
  verify(model: OnnxModel): Promise<Verification>;
}

/** The run's metrics on all of `dataset`, and its answers to about `rows` rows spread over it. */
export async function verifier(
  { config, model, params, buffers }: RunParts,
  dataset: Dataset,
  { rows = 100, executor = eager() }: { readonly rows?: number; readonly executor?: Executor } = {},
): Promise<Verifier> {
  const judge = (options: Pick<EvaluateOptions, 'dataset' | 'executor' | 'onOutputs'>) =>
    evaluate({ model, params, buffers, ...judgingOf(config), ...options });
  const some = spread(dataset, rows);
  const answersOf = async (by: Executor) => {
    const found = new Map<string, TaskOutputs>();
    await judge({ dataset: some, executor: by, onOutputs: (task, outputs) => void found.set(task, outputs) });
    return found;
  };
  const [evaluation, wanted] = [await judge({ dataset, executor }), await answersOf(executor)];
  const count = some.sources.reduce((sum, { size }) => sum + size, 0);
  return {
    evaluation,
    async verify(exported) {
      const own = judgingExecutor(exported, config.tasks);
      return {
        evaluation: await judge({ dataset, executor: own }),
        agreement: { rows: count, ...compare(wanted, await answersOf(own)) },
      };
    },
  };
}

/** About `rows` rows, evenly of all the sources. */
function spread(dataset: Dataset, rows: number): Dataset {
  const total = dataset.sources.reduce((sum, { size }) => sum + size, 0);
  const sources = dataset.sources.map((source) => ({
    ...source,
    size: Math.min(source.size, Math.max(1, Math.round((rows * source.size) / total))),
  }));
  const strides = new Map(sources.map(({ name, size }, i) => [name, dataset.sources[i]!.size / size]));
  return {
    sources,
    batch: (name, own, size) =>
      dataset.batch(
        name,
        own.map((row) => Math.floor(row * strides.get(name)!)),
        size,
      ),
  };
}

function compare(wanted: ReadonlyMap<string, TaskOutputs>, got: ReadonlyMap<string, TaskOutputs>): Omit<Agreement, 'rows'> {
  let [labels, same, largest] = [0, 0, 0];
  for (const [task, { batches, kind }] of wanted)
    for (const [i, { predictions, target }] of batches.entries())
      for (const [name, leaf] of Object.entries(predictions as { [name: string]: HostArray })) {
        const mine = (got.get(task)!.batches[i]!.predictions as { [name: string]: HostArray })[name]!;
        // What is said of padding is nobody's answer.
        const tags = kind === 'tagging' ? (target as HostArray).data : undefined;
        const width = tags ? leaf.data.length / tags.length : 1;
        for (const [at, value] of leaf.data.entries()) {
          if (tags && tags[Math.floor(at / width)]! < 0) continue;
          if (leaf.dtype === 'int32') {
            labels++;
            if (mine.data[at] === value) same++;
          } else largest = Math.max(largest, Math.abs(mine.data[at]! - value) / (1 + Math.abs(value)));
        }
      }
  return { same: labels === 0 ? 1 : same / labels, largest };
}
