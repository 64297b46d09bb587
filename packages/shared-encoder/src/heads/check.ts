import { TaskloomError } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Throws `bad_option` unless there are at least `least` different labels and, if given, one class weight for each. */
export function assertLabels(kind: string, labels: readonly string[], least: number, classWeights?: readonly number[]): void {
  if (labels.length < least)
    throw new TaskloomError('bad_option', `A head of kind '${kind}' needs more labels.`, {
      name: 'labels',
      expected: `at least ${least}`,
      got: labels.length,
    });
  const seen = new Set<string>();
  const twice = labels.find((label) => seen.size === seen.add(label).size);
  if (twice !== undefined)
    throw new TaskloomError('bad_option', `The label '${twice}' is given twice.`, { name: 'labels', remedy: 'Give each label once.' });
  if (classWeights && (classWeights.length !== labels.length || !classWeights.every((weight) => weight >= 0 && Number.isFinite(weight))))
    throw new TaskloomError('bad_option', 'Class weights are one finite number ≥ 0 for each label.', {
      name: 'classWeights',
      expected: `${labels.length} numbers`,
      got: classWeights,
    });
}

/** Throws `bad_option` unless each threshold, if there are any, is a probability of at least `least`: one for all labels or one for each. */
export function assertThresholds(thresholds: number | readonly number[] | undefined, labels: number, least: number): void {
  const each = typeof thresholds === 'number' ? [thresholds] : thresholds;
  const counted = typeof thresholds !== 'object' || thresholds.length === labels;
  if (each && !(counted && each.every((threshold) => threshold >= least && threshold <= 1)))
    throw new TaskloomError('bad_option', 'Thresholds are probabilities, one for all labels or one for each.', {
      name: 'thresholds',
      expected: `a number in ${least > 0 ? '(' : '['}0, 1], or ${labels} of them`,
      got: thresholds,
    });
}

/** Throws `shape_mismatch` unless the encoding is as wide as the head was built for. */
export function assertWidth(kind: string, encoding: Tensor, inputs: number): void {
  const width = encoding.shape[encoding.rank - 1];
  if (width !== inputs)
    throw new TaskloomError('shape_mismatch', `The encoding does not fit a head of kind '${kind}'.`, {
      name: 'inputs',
      expected: `width ${inputs}`,
      got: width,
      remedy: 'Build the head with { inputs: trunk.width }.',
    });
}
