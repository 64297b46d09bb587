import type { Params, TaskHead } from '@taskloom/core';
import { coral, coralLabels, coralProbabilities } from '@taskloom/core/losses';
import { add, expandDims, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { jsonOf, texts } from '../config';
import { assertLabels, assertWidth } from './check';
import { checkHead, type ScorerOptions, scorer } from './scorer';

export interface OrdinalOptions extends ScorerOptions {
  /** From lowest to highest. */
  readonly labels: readonly string[];
}

/**
 * One of K ordered classes by CORAL: logits `[m, K − 1]` of P(y > k) = σ(w·h + bₖ), with one w for all thresholds (Cao, Mirjalili & Raschka 2020, arXiv:1901.07884).
 * Target int32 `[m]`. Predicts `label` int32 `[m]`, the number of thresholds passed, and `probabilities` `[m, K]`, the differences of neighbouring P(y > k),
 * negative ones set to 0. The biases start where all classes are equally likely.
 */
export function ordinal(options: OrdinalOptions): TaskHead {
  checkHead('ordinal', options, { labels: texts }, {});
  const { labels, ...rest } = options;
  assertLabels('ordinal', labels, 2);
  const score = scorer(rest, 1, false);
  const count = labels.length;
  return {
    kind: 'ordinal',
    metrics: ['meanAbsoluteError', 'accuracy', 'quadraticKappa'],
    config: jsonOf('ordinal', options),
    init: (random) => ({
      ...score.init(random),
      thresholds: tensor1d(Float32Array.from({ length: count - 1 }, (_, k) => Math.log((count - 1 - k) / (k + 1)))),
    }),
    apply(params: Params, { pooled }, context) {
      assertWidth('ordinal', pooled, options.inputs);
      return add(score.apply(params, pooled, context), expandDims(params.thresholds as Tensor, -2));
    },
    loss: (logits, target, weight) => coral(logits, target as Tensor, { weight }),
    predict: (logits) => ({ label: coralLabels(logits), probabilities: coralProbabilities(logits) }),
  };
}
