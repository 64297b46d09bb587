import { type MultiTaskModel, type TaskHead, TaskloomError } from '@taskloom/core';
import type { Dataset, EvaluateOptions, Evaluation } from '@taskloom/trainer';
import { evaluate } from '@taskloom/trainer';
import { add, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import type { Labels } from './labels';
import type { SourceRows } from './sources';
import { readTargets } from './targets';
import type { TaskConfig } from './task-schema';

/** A sure logit. */
const sure = 12;

/**
 * The baseline that looks at no text: each task's most frequent training label (the mean, for numbers; the most frequent tag, which is O), judged by
 * the same code as a model.
 */
export async function evaluateMajority(
  model: MultiTaskModel,
  tasks: readonly TaskConfig[],
  labels: Labels,
  train: readonly SourceRows[],
  dataset: Dataset,
  judging: Pick<EvaluateOptions, 'metrics' | 'groups' | 'bootstrap'> = {},
): Promise<Evaluation> {
  const heads = Object.fromEntries(
    tasks.map((task) => {
      const head = model.heads[task.name]!;
      return [task.name, constantHead(head, task, constantOutput(task, labels[task.name] ?? [], train))];
    }),
  );
  const constant: MultiTaskModel = {
    ...model,
    heads,
    apply: (_, { inputs, tasks: rows }) => {
      const leaves = inputs as { readonly [name: string]: Tensor };
      const time = Object.values(leaves)[0]!.shape[1] ?? 1;
      return Object.fromEntries(
        Object.entries(rows).map(([task, { index }]) => [
          task,
          heads[task]!.apply({}, { pooled: zeros([index.shape[0], time]) }, undefined as never),
        ]),
      );
    },
  };
  return evaluate({ model: constant, params: { shared: {}, tasks: {} }, dataset, ...judging });
}

/** A head whose output is `output` for every row (and, for tags, every token: the width of `pooled` is the length in tokens). */
function constantHead(head: TaskHead, task: TaskConfig, output: readonly number[] | number): TaskHead {
  return {
    ...head,
    apply(_, { pooled }) {
      const [rows, time] = pooled.shape as [number, number];
      if (typeof output === 'number') return add(zeros([rows]), output);
      return add(zeros(task.head === 'tagging' ? [rows, time, output.length] : [rows, output.length]), tensor([...output]));
    },
  };
}

function constantOutput(task: TaskConfig, labels: readonly string[], sources: readonly SourceRows[]): readonly number[] | number {
  const source = sources.find(({ plan }) => plan.tasks.includes(task) || plan.tasks.some(({ name }) => name === task.name));
  if (!source) throw new TaskloomError('bad_data', `Task '${task.name}' has no training rows.`, { name: task.name });
  const counts = Int32Array.from(source.documents, ([document]) => document!.words.length);
  const targets = readTargets(task, labels, source.rows, counts);
  const labelled = Int32Array.from([...targets.weight.keys()].filter((row) => targets.weight[row]! > 0));
  const time = task.head === 'tagging' ? counts.reduce((a, b) => Math.max(a, b), 1) : 1;
  const values = (targets.gather(labelled, labelled.length, time) as { readonly data: ArrayLike<number> }).data;
  const frequency = new Float64Array(labels.length);
  const count = () => {
    for (let i = 0; i < values.length; i++) if (values[i]! >= 0) frequency[values[i]!]!++;
    return frequency.indexOf(frequency.reduce((a, b) => Math.max(a, b), 0));
  };
  const mean = () => Array.from(values).reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  switch (task.head) {
    case 'classification':
    case 'tagging': {
      const top = count();
      return labels.map((_, k) => (k === top ? sure : 0));
    }
    case 'ordinal': {
      const top = count();
      return labels.slice(1).map((_, k) => (k < top ? sure : -sure));
    }
    case 'multiLabel':
      return labels.map((_, k) =>
        Array.from({ length: labelled.length }, (_, row) => values[row * labels.length + k]!).reduce((a, b) => a + b, 0) * 2 >
        labelled.length
          ? sure
          : -sure,
      );
    case 'regression':
      return mean();
    case 'pairSimilarity':
      if (task.output === 'binary') return mean() >= 0.5 ? sure : -sure;
      return task.range ? Math.log(unit(mean(), task.range) / (1 - unit(mean(), task.range))) : mean();
  }
}

function unit(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(0.999, Math.max(0.001, (value - low) / (high - low)));
}
