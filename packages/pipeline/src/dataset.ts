import { type HostArray, type HostBatch, hostArray, type TaskRows } from '@taskloom/core';
import type { Dataset } from '@taskloom/trainer';
import { type EncodedText, type Features, inputsOf, paddedLength, padInputs } from './features';
import type { Labels } from './labels';
import { isPairTask } from './source-plan';
import type { SourceRows } from './sources';
import { readTargets, type Targets } from './targets';
import type { TaskConfig } from './task-schema';

/**
 * Batches of sources: every text is encoded once, here; a batch copies ids and pads them to the length of its longest row. All tasks of the
 * model are named in each batch, those of other sources by a single row of weight 0.
 */
export function buildDataset(sources: readonly SourceRows[], tasks: readonly TaskConfig[], features: Features, labels: Labels): Dataset {
  const prepared = new Map(sources.map((source) => [source.plan.name, prepare(source, features, labels)]));
  return {
    sources: sources.map(({ plan, rows }) => ({ name: plan.name, size: rows.length, tasks: plan.tasks.map((task) => task.name) })),
    batch(name, rows, size): HostBatch {
      const source = prepared.get(name)!;
      const [first, second] = source.texts.map((column) => Array.from(rows, (row) => column[row]!));
      const all = second ? [...first!, ...new Array<EncodedText>(size - rows.length).fill(nothing(features)), ...second] : first!;
      const time = paddedLength(all.reduce((longest, text) => Math.max(longest, text.length), 1));
      const known = new Map(source.targets);
      return {
        inputs: padInputs(features.shape, all, second ? 2 * size : size, time),
        tasks: Object.fromEntries(
          tasks.map((task) => {
            const targets = known.get(task.name);
            return [
              task.name,
              targets ? taskRows(targets, rows, size, time, isPairTask(task)) : absent(task, labels[task.name] ?? [], time),
            ];
          }),
        ),
      };
    },
  };
}

interface PreparedSource {
  /** One column of texts, or two for pairs. */
  readonly texts: readonly (readonly EncodedText[])[];
  readonly targets: readonly (readonly [task: string, targets: Targets])[];
}

function prepare(source: SourceRows, features: Features, labels: Labels): PreparedSource {
  const columns = source.plan.input.kind === 'pair' ? [0, 1] : [0];
  const counts = Int32Array.from(source.documents, ([document]) => document!.words.length);
  return {
    texts: columns.map((column) => source.documents.map((documents) => features.encode(documents[column]!))),
    targets: source.plan.tasks.map((task) => [task.name, readTargets(task, labels[task.name] ?? [], source.rows, counts)]),
  };
}

function taskRows(targets: Targets, rows: Int32Array, size: number, time: number, pair: boolean): TaskRows<HostArray> {
  const weight = new Float32Array(size);
  rows.forEach((row, i) => {
    weight[i] = targets.weight[row]!;
  });
  const index = Int32Array.from({ length: size }, (_, i) => i);
  return {
    index: hostArray(index),
    ...(pair ? { pair: hostArray(index.map((row) => row + size)) } : {}),
    target: targets.gather(rows, size, time),
    weight: hostArray(weight),
  };
}

/** One row that counts for nothing. */
function absent(task: TaskConfig, labels: readonly string[], time: number): TaskRows<HostArray> {
  const none = readTargets(task, labels, [], new Int32Array(0));
  return {
    index: hostArray(new Int32Array(1)),
    ...(isPairTask(task) ? { pair: hostArray(new Int32Array(1)) } : {}),
    target: none.gather(new Int32Array(0), 1, time),
    weight: hostArray(new Float32Array(1)),
  };
}

function nothing({ shape }: Features): EncodedText {
  return { length: 0, ids: Object.fromEntries(Object.keys(inputsOf(shape)).map((input) => [input, new Int32Array(0)])) };
}
