import type { Executor, HostArray, MultiTaskModel } from '@taskloom/core';
import { bestF1Threshold, type Dataset, evaluate, type TaskOutputs } from '@taskloom/trainer';
import type { Thresholds } from './model';
import type { Kept } from './run-parameters';
import type { ResolvedConfig } from './schema';

/**
 * For each task with `thresholds: 'tuned'` the threshold of each label with the greatest F1 on `validation`; ½ for a label that no row there has. Undefined without such
 * a task.
 */
export async function tuneThresholds(
  config: ResolvedConfig,
  model: MultiTaskModel,
  { params, buffers }: Kept,
  validation: Dataset | undefined,
  executor?: Executor,
): Promise<Thresholds | undefined> {
  const tasks = config.tasks.filter((task) => task.head === 'multiLabel' && task.thresholds === 'tuned').map(({ name }) => name);
  if (tasks.length === 0 || !validation) return undefined;
  const found: Record<string, readonly number[]> = {};
  await evaluate({
    model,
    params,
    buffers,
    dataset: validation,
    executor,
    onOutputs(task, outputs) {
      if (tasks.includes(task)) found[task] = thresholdsOf(outputs);
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
