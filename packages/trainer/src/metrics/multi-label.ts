import { assertSameLength, averaged, type ClassScores, type Rows, ratio, scoresFromCounts } from './classification';

/** Precision, recall and F1 of each label. */
export function multiLabelScores(targets: Rows, predictions: Rows): ClassScores {
  const { both, predicted, support } = labelCounts(targets, predictions);
  return scoresFromCounts(both, predicted, support);
}

/** F1 of rows with any number of labels, given as 0/1 [rows][labels]: `macro` over labels, `micro` over all decisions, `weighted` by label, `samples` over rows. */
export function multiLabelF1(targets: Rows, predictions: Rows, average: 'macro' | 'micro' | 'weighted' | 'samples' = 'macro'): number {
  const { both, predicted, support, rowSum } = labelCounts(targets, predictions);
  if (average === 'samples') return ratio(rowSum, targets.length);
  const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
  if (average === 'micro') return ratio(2 * total(both), total(predicted) + total(support));
  return averaged(scoresFromCounts(both, predicted, support), 'f1', average);
}

/** By label: rows that have it in both, in the predictions, in the targets; and the sum of the rows' own F1. */
function labelCounts(targets: Rows, predictions: Rows) {
  assertSameLength(targets, predictions);
  const labels = targets[0]?.length ?? 0;
  const both = new Array<number>(labels).fill(0);
  const predicted = new Array<number>(labels).fill(0);
  const support = new Array<number>(labels).fill(0);
  let rowSum = 0;
  for (let i = 0; i < targets.length; i++) {
    let [hits, marked] = [0, 0];
    for (let k = 0; k < labels; k++) {
      const [t, p] = [targets[i]![k]! > 0 ? 1 : 0, predictions[i]![k]! > 0 ? 1 : 0];
      both[k]! += t * p;
      predicted[k]! += p;
      support[k]! += t;
      hits += t * p;
      marked += t + p;
    }
    rowSum += ratio(2 * hits, marked);
  }
  return { both, predicted, support, rowSum };
}

/** The fraction of wrong decisions, label by label. */
export function hammingLoss(targets: Rows, predictions: Rows): number {
  assertSameLength(targets, predictions);
  let [wrong, all] = [0, 0];
  for (let i = 0; i < targets.length; i++) {
    for (let k = 0; k < targets[i]!.length; k++) {
      if (targets[i]![k]! > 0 !== predictions[i]![k]! > 0) wrong++;
      all++;
    }
  }
  return ratio(wrong, all);
}

/** The fraction of rows with every label right. */
export function subsetAccuracy(targets: Rows, predictions: Rows): number {
  assertSameLength(targets, predictions);
  let right = 0;
  for (let i = 0; i < targets.length; i++) if (Array.from(targets[i]!).every((t, k) => t > 0 === predictions[i]![k]! > 0)) right++;
  return ratio(right, targets.length);
}
