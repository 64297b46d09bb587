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
  /** Greatest difference of a probability or a value, relative to 1 + its size; NaN where one of the two has no number. */
  readonly largest: number;
}

/** An fp32 model further than this from its run is not the run's. */
const furthest = 1e-3;

/** As is one with more other labels than this share: two labels may be as good to within rounding, but not in two rows of a hundred. */
const otherLabels = 0.02;

export interface Verification {
  readonly evaluation: Evaluation;
  readonly agreement: Agreement;
  /** A task that the model answers otherwise than the run, by more than the rounding of float32 explains. */
  readonly differs?: string;
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
      const [found, got] = [await judge({ dataset, executor: own }), await answersOf(own)];
      const tasks = [...wanted].map(([task, outputs]) => ({ task, ...compare(outputs, got.get(task)!) }));
      const [labels, same] = (['labels', 'same'] as const).map((key) => tasks.reduce((sum, each) => sum + each[key], 0)) as [
        number,
        number,
      ];
      const differs = tasks.find(isFar)?.task;
      return {
        evaluation: found,
        agreement: {
          rows: count,
          same: labels === 0 ? 1 : same / labels,
          largest: Math.max(0, ...tasks.map(({ largest }) => largest)),
        },
        ...(differs === undefined ? {} : { differs }),
      };
    },
  };
}

/** A threshold can be the probability of a row: one decision about each label may go either way. */
function isFar({ labels, same, largest, columns }: Comparison): boolean {
  return !(largest <= furthest) || labels - same > Math.max(columns, otherLabels * labels);
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

interface Comparison {
  /** Labels and tags that both gave, and those of them that are the same. */
  readonly labels: number;
  readonly same: number;
  /** How many decisions there are about one row. */
  readonly columns: number;
  readonly largest: number;
}

function compare({ batches, kind, labels: names = [] }: TaskOutputs, got: TaskOutputs): Comparison {
  let [labels, same, largest] = [0, 0, 0];
  for (const [i, { predictions, target }] of batches.entries())
    for (const [name, leaf] of Object.entries(predictions as { [name: string]: HostArray })) {
      const mine = (got.batches[i]!.predictions as { [name: string]: HostArray })[name]!;
      // What is said of padding is nobody's answer.
      const tags = kind === 'tagging' ? (target as HostArray).data : undefined;
      const width = tags ? leaf.data.length / tags.length : 1;
      for (const [at, value] of leaf.data.entries()) {
        if (tags && tags[Math.floor(at / width)]! < 0) continue;
        if (leaf.dtype === 'int32') {
          labels++;
          if (mine.data[at] === value) same++;
        } else if (!Object.is(mine.data[at], value)) largest = Math.max(largest, Math.abs(mine.data[at]! - value) / (1 + Math.abs(value)));
      }
    }
  return { labels, same, columns: kind === 'multiLabel' ? names.length : 1, largest };
}
