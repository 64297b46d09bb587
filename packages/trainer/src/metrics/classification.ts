import { TaskloomError } from '@taskloom/core';

/** Class numbers 0 … K − 1, or values; typed arrays and plain ones alike. */
export type Numbers = ArrayLike<number>;
/** Rows of one length. */
export type Rows = ArrayLike<Numbers>;

/** `macro`: plain mean over the classes; `weighted`: by their number in the targets; `micro`: from summed counts. */
export type Average = 'macro' | 'micro' | 'weighted';

export function assertSameLength(a: ArrayLike<unknown>, b: ArrayLike<unknown>): void {
  if (a.length !== b.length)
    throw new TaskloomError('shape_mismatch', 'Targets and predictions differ in length.', {
      name: 'predictions',
      expected: a.length,
      got: b.length,
    });
}

/** a/b, and 0 where b is 0. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}

/** Counts [target][prediction]. Throws `bad_value` for a class that is not in 0 … classes − 1. */
export function confusionMatrix(targets: Numbers, predictions: Numbers, classes: number): number[][] {
  assertSameLength(targets, predictions);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < targets.length; i++) {
    const row = counts[targets[i]!];
    if (row?.[predictions[i]!] === undefined)
      throw new TaskloomError('bad_value', `Row ${i} has a class out of range.`, {
        name: `row ${i}`,
        expected: `0 … ${classes - 1}`,
        got: [targets[i], predictions[i]],
      });
    row[predictions[i]!]!++;
  }
  return counts;
}

/** The fraction of equal entries; 0 for none. */
export function accuracy(targets: Numbers, predictions: Numbers): number {
  assertSameLength(targets, predictions);
  let right = 0;
  for (let i = 0; i < targets.length; i++) if (targets[i] === predictions[i]) right++;
  return ratio(right, targets.length);
}

export interface ClassScores {
  readonly precision: number[];
  readonly recall: number[];
  readonly f1: number[];
  /** Targets of each class. */
  readonly support: number[];
}

/** Precision TP/(TP + FP), recall TP/(TP + FN) and F1 = 2PR/(P + R) of each class; 0 where a denominator is 0. */
export function classScores(targets: Numbers, predictions: Numbers, classes: number): ClassScores {
  const counts = confusionMatrix(targets, predictions, classes);
  const truePositives = counts.map((row, k) => row[k]!);
  const support = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const predicted = counts.map((_, k) => counts.reduce((sum, row) => sum + row[k]!, 0));
  return scoresFromCounts(truePositives, predicted, support);
}

export function scoresFromCounts(truePositives: readonly number[], predicted: readonly number[], support: number[]): ClassScores {
  return {
    precision: truePositives.map((tp, k) => ratio(tp, predicted[k]!)),
    recall: truePositives.map((tp, k) => ratio(tp, support[k]!)),
    f1: truePositives.map((tp, k) => ratio(2 * tp, predicted[k]! + support[k]!)),
    support,
  };
}

/** The mean of one of the scores, over all classes 0 … K − 1, present or not. */
export function averaged(scores: ClassScores, of: 'precision' | 'recall' | 'f1', average: 'macro' | 'weighted'): number {
  const values = scores[of];
  if (average === 'macro')
    return ratio(
      values.reduce((a, b) => a + b, 0),
      values.length,
    );
  const total = scores.support.reduce((a, b) => a + b, 0);
  return ratio(
    values.reduce((sum, value, k) => sum + value * scores.support[k]!, 0),
    total,
  );
}

/** Averaged precision; `micro` is the accuracy, for each row has one class. */
export function precision(targets: Numbers, predictions: Numbers, classes: number, average: Average = 'macro'): number {
  return average === 'micro' ? accuracy(targets, predictions) : averaged(classScores(targets, predictions, classes), 'precision', average);
}

export function recall(targets: Numbers, predictions: Numbers, classes: number, average: Average = 'macro'): number {
  return average === 'micro' ? accuracy(targets, predictions) : averaged(classScores(targets, predictions, classes), 'recall', average);
}

export function f1(targets: Numbers, predictions: Numbers, classes: number, average: Average = 'macro'): number {
  return average === 'micro' ? accuracy(targets, predictions) : averaged(classScores(targets, predictions, classes), 'f1', average);
}

/** Mean recall over the classes that occur in the targets. */
export function balancedAccuracy(targets: Numbers, predictions: Numbers, classes: number): number {
  const { recall, support } = classScores(targets, predictions, classes);
  return ratio(
    recall.reduce((a, b) => a + b, 0),
    support.filter((count) => count > 0).length,
  );
}

/** Matthews' correlation for any number of classes, R_K (Gorodkin 2004); 0 where a denominator is 0. */
export function matthews(targets: Numbers, predictions: Numbers, classes: number): number {
  const counts = confusionMatrix(targets, predictions, classes);
  const n = targets.length;
  const t = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const p = counts.map((_, k) => counts.reduce((sum, row) => sum + row[k]!, 0));
  const right = counts.reduce((sum, row, k) => sum + row[k]!, 0);
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, k) => sum + x * b[k]!, 0);
  return ratio(right * n - dot(t, p), Math.sqrt((n * n - dot(p, p)) * (n * n - dot(t, t))));
}

/**
 * Cohen's κ = 1 − Σ w O / Σ w E with disagreement weights w: 1 (`none`), |i − j| (`linear`) or (i − j)² (`quadratic`, for ordinal classes).
 * 0 where chance alone never disagrees.
 */
export function cohenKappa(
  targets: Numbers,
  predictions: Numbers,
  classes: number,
  weights: 'none' | 'linear' | 'quadratic' = 'none',
): number {
  const counts = confusionMatrix(targets, predictions, classes);
  const t = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const p = counts.map((_, k) => counts.reduce((sum, row) => sum + row[k]!, 0));
  let observed = 0;
  let expected = 0;
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j < classes; j++) {
      const w = weights === 'none' ? Number(i !== j) : weights === 'linear' ? Math.abs(i - j) : (i - j) ** 2;
      observed += w * counts[i]![j]!;
      expected += (w * t[i]! * p[j]!) / targets.length;
    }
  }
  return expected > 0 ? 1 - observed / expected : 0;
}

/** The fraction of rows whose target is among the k largest scores; of equal scores the later class comes first. */
export function topKAccuracy(targets: Numbers, scores: Rows, k: number): number {
  assertSameLength(targets, scores);
  let hits = 0;
  for (let i = 0; i < targets.length; i++) {
    const row = scores[i]!;
    const own = row[targets[i]!]!;
    let before = 0;
    for (let j = 0; j < row.length; j++) if (row[j]! > own || (row[j] === own && j > targets[i]!)) before++;
    if (before < k) hits++;
  }
  return ratio(hits, targets.length);
}
