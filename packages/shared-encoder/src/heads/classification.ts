import { softmax, type TaskHead } from '@taskloom/core';
import { crossEntropy } from '@taskloom/core/losses';
import { argMax, type Tensor } from '@tensorflow/tfjs-core';
import { flag, jsonOf, numbers, rate, texts } from '../config';
import { assertLabels, assertWidth } from './check';
import { orderedPairFeatures, partner } from './pair-features';
import { checkHead, type ScorerOptions, scorer } from './scorer';

export interface ClassificationOptions extends ScorerOptions {
  readonly labels: readonly string[];
  /** Classify pairs of rows by [u, v, |u − v|, u∘v]. Default false. */
  readonly pair?: boolean;
  /** Mass spread evenly over all classes. Default 0. */
  readonly labelSmoothing?: number;
  /** One factor a class on the loss of its rows. Default: none. */
  readonly classWeights?: readonly number[];
}

/**
 * One of K classes: logits `[m, K]`, softmax cross-entropy. Target int32 `[m]`. Predicts `label` int32 `[m]` and `probabilities` `[m, K]`.
 */
export function classification(options: ClassificationOptions): TaskHead {
  checkHead('classification', options, { labels: texts }, { pair: flag, labelSmoothing: rate, classWeights: numbers });
  const { labels, pair = false, labelSmoothing, classWeights, ...rest } = options;
  assertLabels('classification', labels, 2, classWeights);
  const score = scorer({ ...rest, inputs: pair ? 4 * options.inputs : options.inputs }, labels.length);
  return {
    kind: 'classification',
    metrics: ['accuracy', 'macroF1'],
    config: jsonOf('classification', options),
    init: score.init,
    apply(params, input, context) {
      assertWidth('classification', input.pooled, options.inputs);
      return score.apply(params, pair ? orderedPairFeatures(input.pooled, partner(input, 'classification')) : input.pooled, context);
    },
    loss: (logits, target, weight) => crossEntropy(logits, target as Tensor, { weight, labelSmoothing, classWeights }),
    predict: (logits) => ({ label: argMax(logits, -1), probabilities: softmax(logits) }),
  };
}
