import type { Evaluation } from '@taskloom/trainer';
import { resolveConfig } from './config';
import type { DataProvider } from './data-provider';
import { buildDataset } from './dataset';
import { buildFeatures } from './features';
import { evaluateMajority } from './majority';
import { assertMetricLabels, judgingOf } from './metrics-schema';
import { buildModel } from './model';
import type { Config } from './schema';
import { featuresSource, labelsOf, readSplit } from './train';

/** How well one does without looking at the texts: each task's most frequent training label, on a split. */
export async function evaluateBaseline(config: Config, split: 'validation' | 'test', data: DataProvider): Promise<Evaluation> {
  const resolved = resolveConfig(config);
  const train = await readSplit(resolved, 'train', data);
  const labels = labelsOf(resolved, train);
  assertMetricLabels(resolved, labels);
  const features = await buildFeatures(resolved, featuresSource(train, data, undefined));
  const dataset = buildDataset(await readSplit(resolved, split, data), resolved.tasks, features, labels);
  // Constant scores have no use for a chain.
  const tasks = resolved.tasks.map((task) => (task.head === 'tagging' ? { ...task, crf: false } : task));
  return evaluateMajority(
    buildModel({ ...resolved, tasks }, features.shape, labels),
    resolved.tasks,
    labels,
    train,
    dataset,
    judgingOf(resolved),
  );
}
