import type { TaskHead } from '@taskloom/core';
import { binaryCrossEntropy } from '@taskloom/core/losses';
import { cast, greaterEqual, sigmoid, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { jsonOf, numberOrNumbers, rate, texts } from '../config';
import { assertLabels, assertThresholds, assertWidth } from './check';
import { checkHead, type ScorerOptions, scorer } from './scorer';

export interface MultiLabelOptions extends ScorerOptions {
  readonly labels: readonly string[];
  /** t ← t(1 − s) + s/2. Default 0. */
  readonly labelSmoothing?: number;
  /** Factor on the loss of positive labels, one for all or one each. Default 1. */
  readonly positiveWeight?: number | readonly number[];
  /** The least probability at which a label is given, one for all or one each; only `predict` reads it. Default ½. */
  readonly thresholds?: number | readonly number[];
}

/**
 * Any number of K labels at once: logits `[m, K]`, binary cross-entropy averaged over the labels. Target float32 0/1 `[m, K]`. Predicts `probabilities` `[m, K]` and
 * `decisions` int32 0/1 `[m, K]`.
 */
export function multiLabel(options: MultiLabelOptions): TaskHead {
  checkHead(
    'multiLabel',
    options,
    { labels: texts },
    { labelSmoothing: rate, positiveWeight: numberOrNumbers, thresholds: numberOrNumbers },
  );
  const { labels, labelSmoothing, positiveWeight, thresholds = 0.5, ...rest } = options;
  assertLabels('multiLabel', labels, 1);
  assertThresholds(thresholds, labels.length, 0);
  const score = scorer(rest, labels.length);
  return {
    kind: 'multiLabel',
    metrics: ['macroF1', 'microF1'],
    config: jsonOf('multiLabel', options),
    init: score.init,
    apply(params, { pooled }, context) {
      assertWidth('multiLabel', pooled, options.inputs);
      return score.apply(params, pooled, context);
    },
    loss: (logits, target, weight) => binaryCrossEntropy(logits, target as Tensor, { weight, labelSmoothing, positiveWeight }),
    predict(logits) {
      const probabilities = sigmoid(logits);
      const least = () => (typeof thresholds === 'number' ? thresholds : tensor1d([...thresholds]));
      return { probabilities, decisions: tidy(() => cast(greaterEqual(probabilities, least()), 'int32')) };
    },
  };
}
