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
  /** 1 where the task has a labelled row in any micro-batch. */
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
  }: { readonly batchSize: number; readonly accumulate: number; readonly sourcesPerStep: number | 'all' },
): StepBatches {
  const draw = () => {
    const draws =
      sourcesPerStep === 'all'
        ? dataset.sources.filter((source) => source.size > 0).map((source) => stream.take(source.name))
        : Array.from({ length: sourcesPerStep }, () => stream.next());
    return { batch: joinBatches(draws.map(({ source, rows }) => dataset.batch(source, rows, batchSize))), rows: draws.length * batchSize };
  };
  const drawn = Array.from({ length: accumulate }, draw);
  const labels = drawn.map(({ batch }) => tasks.map((task) => sumOf(batch.tasks[task]!.weight.data)));
  const totals = tasks.map((_, t) => labels.reduce((sum, own) => sum + own[t]!, 0));
  const float = (values: readonly number[]) => hostArray(Float32Array.from(values));
  return {
    batches: Object.fromEntries(
      drawn.map(({ batch }, i) => [
        String(i),
        {
          inputs: batch.inputs,
          tasks: batch.tasks,
          present: float(labels[i]!.map((weight) => (weight > 0 ? 1 : 0))),
          share: float(labels[i]!.map((weight, t) => (totals[t]! > 0 ? weight / totals[t]! : 0))),
        },
      ]),
    ),
    present: Float64Array.from(totals, (total) => (total > 0 ? 1 : 0)),
    rows: drawn.reduce((sum, { rows }) => sum + rows, 0),
  };
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
