import { type MultiTaskModel, TaskloomError } from '@taskloom/core';
import { type HeadConfig, head, multiTaskModel } from '@taskloom/shared-encoder';
import type { InputShape } from './features';
import type { Labels } from './labels';
import type { ResolvedConfig } from './schema';
import { sharedTrunk } from './shared-trunk';
import { isPairTask } from './source-plan';
import type { TaskConfig } from './task-schema';

/** The model of a config: what its tasks share, and a head for each. */
export function buildModel(config: ResolvedConfig, shape: InputShape, labels: Labels): MultiTaskModel {
  const shared = sharedTrunk(config, shape);
  return multiTaskModel({
    trunk: shared,
    heads: Object.fromEntries(config.tasks.map((task) => [task.name, head(headConfig(task, shared.width, labels[task.name] ?? []))])),
  });
}

function headConfig(task: TaskConfig, inputs: number, labels: readonly string[]): HeadConfig {
  const common = { inputs, dropout: task.dropout, ...(task.hidden === undefined ? {} : { hidden: task.hidden }) };
  switch (task.head) {
    case 'classification':
      return {
        kind: 'classification',
        ...common,
        labels,
        labelSmoothing: task.labelSmoothing,
        ...classWeights(task, labels),
        ...(isPairTask(task) ? { pair: true } : {}),
      };
    case 'multiLabel':
      return { kind: 'multiLabel', ...common, labels, labelSmoothing: task.labelSmoothing };
    case 'ordinal':
      return { kind: 'ordinal', ...common, labels };
    case 'tagging':
      return { kind: 'tagging', ...common, labels, labelSmoothing: task.labelSmoothing };
    case 'regression':
      return { kind: 'regression', ...common, loss: task.loss };
    case 'pairSimilarity':
      return { kind: 'pairSimilarity', ...common, output: task.output, ...(task.range ? { range: task.range } : {}) };
  }
}

function classWeights(
  task: Extract<TaskConfig, { head: 'classification' }>,
  labels: readonly string[],
): { classWeights?: readonly number[] } {
  if (!task.classWeights) return {};
  const given = task.classWeights;
  const unknown = Object.keys(given).find((label) => !labels.includes(label));
  if (unknown !== undefined)
    throw new TaskloomError('bad_config', `'${unknown}' in the class weights is not a label of '${task.name}'.`, {
      name: `${task.name}.classWeights`,
      expected: labels,
    });
  return { classWeights: labels.map((label) => (Object.hasOwn(given, label) ? given[label]! : 1)) };
}
