import { softmax, type TaskHead, TaskloomError } from '@taskloom/core';
import { taggingCrossEntropy } from '@taskloom/core/losses';
import { argMax, type Tensor } from '@tensorflow/tfjs-core';
import { jsonOf, numbers, rate, texts } from '../config';
import { assertLabels, assertWidth } from './check';
import { checkHead, type ScorerOptions, scorer } from './scorer';

export interface TaggingOptions extends ScorerOptions {
  /** BIO tags, `O` first. */
  readonly labels: readonly string[];
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[];
}

/**
 * One of K tags for each token: logits `[m, T, K]`, softmax cross-entropy averaged over the tokens whose target is not −1. Target int32 `[m, T]`.
 * Predicts `tags` int32 `[m, T]` and `probabilities` `[m, T, K]`. Needs a trunk that returns `tokens`.
 */
export function tagging(options: TaggingOptions): TaskHead {
  checkHead('tagging', options, { labels: texts }, { labelSmoothing: rate, classWeights: numbers });
  const { labels, labelSmoothing, classWeights, ...rest } = options;
  assertLabels('tagging', labels, 2, classWeights);
  if (labels[0] !== 'O')
    throw new TaskloomError('bad_option', "The first tag must be 'O'.", { name: 'labels', expected: 'O', got: labels[0] });
  const score = scorer(rest, labels.length);
  return {
    kind: 'tagging',
    metrics: ['spanF1', 'tokenAccuracy'],
    config: jsonOf('tagging', options),
    init: score.init,
    apply(params, { tokens }, context) {
      if (!tokens)
        throw new TaskloomError('tokens_missing', 'A tagging head got an encoding without tokens.', {
          name: 'tokens',
          remedy: 'Use a trunk that sees time: textCNN or transformer.',
        });
      assertWidth('tagging', tokens, options.inputs);
      return score.apply(params, tokens, context);
    },
    loss: (logits, tags, weight) => taggingCrossEntropy(logits, tags as Tensor, { weight, labelSmoothing, classWeights }),
    predict: (logits) => ({ tags: argMax(logits, -1), probabilities: softmax(logits) }),
  };
}
