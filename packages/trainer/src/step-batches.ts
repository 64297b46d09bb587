import { type HostArray, type HostBatch, hostArray } from '@taskloom/core';
import { joinBatches } from './join-batches';
import type { RowStream } from './row-stream';
import type { Dataset } from './types';

/** One micro-batch with what the step wants to know of it. */
export interface HostMicroBatch extends HostBatch {
  readonly present: HostArray;
  readonly share: HostArray;
}

export interface StepBatches {
  readonly batches: { readonly [index: string]: HostMicroBatch };
  /** 1 where the task has a labelled row in every batch that is compared: in any micro-batch, that is, where there is only one. */
  readonly present: Float64Array;
  readonly rows: number;
}

/** Draws the batches of one update. */
export function drawBatches(
  dataset: Dataset,
  stream: RowStream,
  tasks: readonly string[],
  {
    batchSize,
    accumulate,
    sourcesPerStep,
    compared = 1,
  }: {
    readonly batchSize: number;
    readonly accumulate: number;
    readonly sourcesPerStep: number | 'all';
    /** Batches that the balancer compares; micro-batches are dealt to them one after another, so that each has a whole share of the labels. */
    readonly compared?: number;
  },
): StepBatches {
  const draw = () => {
    const draws =
      sourcesPerStep === 'all'
        ? dataset.sources.filter((source) => source.size > 0).map((source) => stream.take(source.name))
        : Array.from({ length: sourcesPerStep }, () => stream.next());
    const batches = draws.map(({ source, rows }) => dataset.batch(source, rows, batchSize));
    // All sources in each step have the same labels in each.
    const rowsPerTask = sourcesPerStep === 'all' || batches.length === 1 ? 0 : batchSize;
    return { batch: joinBatches(batches, rowsPerTask), rows: draws.length * batchSize };
  };
  const drawn = Array.from({ length: accumulate }, draw);
  const labels = drawn.map(({ batch }) => tasks.map((task) => sumOf(batch.tasks[task]!.weight.data)));
  const each = accumulate / compared;
  const totals = Array.from({ length: compared }, (_, k) =>
    tasks.map((_, t) => labels.slice(k * each, (k + 1) * each).reduce((sum, own) => sum + own[t]!, 0)),
  );
  const totalOf = (micro: number, task: number) => totals[Math.floor(micro / each)]![task]!;
  const float = (values: readonly number[]) => hostArray(Float32Array.from(values));
  return {
    batches: Object.fromEntries(
      drawn.map(({ batch }, i) => [
        String(i),
        {
          inputs: batch.inputs,
          tasks: batch.tasks,
          present: float(labels[i]!.map((weight) => (weight > 0 ? 1 : 0))),
          share: float(labels[i]!.map((weight, t) => (totalOf(i, t) > 0 ? weight / totalOf(i, t) : 0))),
        },
      ]),
    ),
    present: Float64Array.from(tasks, (_, t) => (totals.every((own) => own[t]! > 0) ? 1 : 0)),
    rows: drawn.reduce((sum, { rows }) => sum + rows, 0),
  };
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
