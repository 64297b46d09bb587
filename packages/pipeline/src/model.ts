import { type MultiTaskModel, TaskloomError } from '@taskloom/core';
import { type HeadConfig, head, type LinearColumns, multiTaskModel } from '@taskloom/shared-encoder';
import type { InputShape } from './features';
import type { Labels } from './labels';
import { linearColumns, linearPart } from './linear-part';
import type { ResolvedConfig } from './schema';
import { sharedTrunk } from './shared-trunk';
import { isPairTask } from './source-plan';
import type { TaskConfig } from './task-schema';

/** Thresholds that were tuned: by task, one for each label. */
export type Thresholds = { readonly [task: string]: readonly number[] };

/** The model of a config: what its tasks share, and a head for each. A task whose thresholds are to be tuned and are not yet decides as one without. */
export function buildModel(config: ResolvedConfig, shape: InputShape, labels: Labels, tuned: Thresholds = {}): MultiTaskModel {
  const shared = sharedTrunk(config, shape, labels);
  const linear = linearPart(config) ? linearColumns(config, labels) : {};
  return multiTaskModel({
    trunk: shared,
    heads: Object.fromEntries(
      config.tasks.map((task) => {
        const thresholds = Object.hasOwn(tuned, task.name) ? tuned[task.name]! : undefined;
        return [task.name, head(headConfig(task, shared.width, labels[task.name] ?? [], thresholds, linear[task.name]))];
      }),
    ),
  });
}

function headConfig(
  task: TaskConfig,
  inputs: number,
  labels: readonly string[],
  tuned: readonly number[] | undefined,
  linear: LinearColumns | undefined,
): HeadConfig {
  const common = { inputs, dropout: task.dropout, ...(task.hidden === undefined ? {} : { hidden: task.hidden }) };
  switch (task.head) {
    case 'classification':
      return {
        kind: 'classification',
        ...common,
        labels,
        labelSmoothing: task.labelSmoothing,
        classWeights: classWeights(task, labels),
        ...(isPairTask(task) ? { pair: true } : {}),
        ...(task.members === 1 ? {} : { members: task.members }),
        ...(linear && { linear }),
        ...(tuned && { thresholds: tuned }),
      };
    case 'multiLabel': {
      const { labelSmoothing, positiveWeight, thresholds } = task;
      return {
        kind: 'multiLabel',
        ...common,
        labels,
        labelSmoothing,
        positiveWeight: typeof positiveWeight === 'object' ? byLabel('positiveWeight', positiveWeight, task, labels, 1) : positiveWeight,
        thresholds:
          thresholds === 'tuned'
            ? (tuned ?? 0.5)
            : typeof thresholds === 'object'
              ? byLabel('thresholds', thresholds, task, labels, 0.5)
              : thresholds,
      };
    }
    case 'ordinal':
      return { kind: 'ordinal', ...common, labels };
    case 'tagging':
      return { kind: 'tagging', ...common, labels, labelSmoothing: task.labelSmoothing, ...(task.crf ? { crf: true } : {}) };
    case 'regression':
      return { kind: 'regression', ...common, loss: task.loss };
    case 'pairSimilarity':
      return { kind: 'pairSimilarity', ...common, output: task.output, ...(task.range ? { range: task.range } : {}) };
  }
}

/** A factor for each label on the loss of its rows; none where the config has none. */
export function classWeights(task: TaskConfig, labels: readonly string[]): readonly number[] | undefined {
  return task.head === 'classification' && task.classWeights ? byLabel('classWeights', task.classWeights, task, labels, 1) : undefined;
}

/** Numbers that were given by label, in the order of the labels; `otherwise` for those not named. Throws `bad_config` for an unknown label. */
function byLabel(
  name: string,
  given: { readonly [label: string]: number },
  task: TaskConfig,
  labels: readonly string[],
  otherwise: number,
): readonly number[] {
  const unknown = Object.keys(given).find((label) => !labels.includes(label));
  if (unknown !== undefined)
    throw new TaskloomError('bad_config', `'${unknown}' in '${name}' is not a label of '${task.name}'.`, {
      name: `${task.name}.${name}`,
      expected: labels,
    });
  return labels.map((label) => (Object.hasOwn(given, label) ? given[label]! : otherwise));
}
