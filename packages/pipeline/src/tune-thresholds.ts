import { type Executor, type HostArray, hostArray, type MultiTaskModel } from '@taskloom/core';
import {
  bestClassThresholds,
  bestF1Threshold,
  type Dataset,
  evaluate,
  type MetricChoice,
  metricOf,
  type TaskOutputs,
} from '@taskloom/trainer';
import type { Thresholds } from './model';
import type { Kept } from './run-parameters';
import type { ResolvedConfig } from './schema';
import { isTuned } from './task-schema';

/**
 * For each task with `thresholds: 'tuned'`: of several labels a row the threshold of each with the greatest F1 on `validation`, ½ for a label that no row there has; of one
 * of K classes those with the best value of the first of its metrics that reads labels. Undefined without such a task.
 */
export async function tuneThresholds(
  config: ResolvedConfig,
  model: MultiTaskModel,
  { params, buffers }: Kept,
  validation: Dataset | undefined,
  executor?: Executor,
): Promise<Thresholds | undefined> {
  const tasks = new Map(config.tasks.filter(isTuned).map((task) => [task.name, task.metrics]));
  if (tasks.size === 0 || !validation) return undefined;
  const found: Record<string, readonly number[]> = {};
  await evaluate({
    model,
    params,
    buffers,
    dataset: validation,
    executor,
    onOutputs(task, outputs) {
      if (!tasks.has(task)) return;
      const choice = tasks.get(task) ?? model.heads[task]!.metrics!;
      found[task] = outputs.kind === 'multiLabel' ? thresholdsOf(outputs) : classThresholdsOf(task, outputs, choice);
    },
  });
  return found;
}

function thresholdsOf({ labels, batches }: TaskOutputs): number[] {
  const count = labels!.length;
  return labels!.map((_, k) => {
    const own = ({ data }: HostArray) => Array.from(data).filter((_, at) => at % count === k);
    const targets = batches.flatMap(({ target }) => own(target as HostArray));
    const scores = batches.flatMap(({ predictions }) => own(predictions.probabilities as HostArray));
    return bestF1Threshold(targets, scores) ?? 0.5;
  });
}

function classThresholdsOf(task: string, outputs: TaskOutputs, choices: readonly MetricChoice[]): number[] {
  const metrics = choices.map((choice) => metricOf(choice, task, outputs.labels));
  const metric = metrics.find(({ needs }) => needs.includes('label')) ?? metricOf('accuracy', task);
  const count = outputs.labels!.length;
  const flat = (of: (batch: TaskOutputs['batches'][number]) => unknown) =>
    outputs.batches.flatMap((batch) => Array.from((of(batch) as HostArray).data));
  const probabilities = flat(({ predictions }) => predictions.probabilities);
  const rows = Array.from({ length: probabilities.length / count }, (_, i) => probabilities.slice(i * count, (i + 1) * count));
  const column = (data: readonly number[]) => hostArray(Int32Array.from(data), [data.length]);
  return bestClassThresholds(
    flat(({ target }) => target),
    rows,
    (targets, labels) => {
      const value = metric.compute({ ...outputs, batches: [{ predictions: { label: column(labels) }, target: column(targets) }] });
      return metric.higherIsBetter ? value : -value;
    },
  );
}
