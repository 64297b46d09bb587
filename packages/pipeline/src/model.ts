import { type MultiTaskModel, TaskloomError } from '@taskloom/core';
import { type HeadConfig, head, multiTaskModel, type TrunkConfig, trunk } from '@taskloom/shared-encoder';
import { type InputShape, paddedLength } from './features';
import type { Labels } from './labels';
import type { ResolvedConfig } from './schema';
import { isPairTask } from './source-plan';
import type { TaskConfig } from './task-schema';

/** More parameters than this are refused, so that a stranger's config cannot exhaust memory. */
const maximumParameters = 500_000_000;

/** The model of a config: its trunk over the features' ids, and a head for each task. */
export function buildModel(config: ResolvedConfig, shape: InputShape, labels: Labels): MultiTaskModel {
  const shared = trunk(trunkConfig(config, shape));
  return multiTaskModel({
    trunk: shared,
    heads: Object.fromEntries(config.tasks.map((task) => [task.name, head(headConfig(task, shared.width, labels[task.name] ?? []))])),
  });
}

function trunkConfig({ trunk: own, features }: ResolvedConfig, shape: InputShape): TrunkConfig {
  const rows = shape.kind === 'bags' ? Object.values(shape.sizes).reduce((a, b) => a + b, 0) : shape.size;
  if (rows * own.width > maximumParameters)
    throw new TaskloomError('too_large', 'The embedding table is too large.', {
      name: 'trunk.width',
      got: `${rows} × ${own.width}`,
      expected: `at most ${maximumParameters} numbers`,
    });
  if (own.kind === 'bagOfEmbeddings') {
    if (shape.kind !== 'bags') throw new TaskloomError('bad_config', 'bagOfEmbeddings takes bags.', { name: 'trunk.kind' });
    return { ...own, size: shape.sizes, bags: Object.keys(shape.sizes) };
  }
  if (shape.kind !== 'tokens') throw new TaskloomError('bad_config', `${own.kind} takes tokens.`, { name: 'trunk.kind' });
  if (own.kind === 'textCNN') return { ...own, size: shape.size };
  const { layers, feedForward, ...rest } = own;
  return {
    ...rest,
    blocks: layers,
    ...(feedForward === undefined ? {} : { hidden: feedForward }),
    length: paddedLength(features.maxTokens),
    size: shape.size,
  };
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
