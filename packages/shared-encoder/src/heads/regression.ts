import type { TaskHead } from '@taskloom/core';
import { huber, squaredError } from '@taskloom/core/losses';
import { squeeze, type Tensor } from '@tensorflow/tfjs-core';
import { jsonOf } from '../config';
import { assertWidth } from './check';
import { checkHead, type ScorerOptions, scorer } from './scorer';

export interface RegressionOptions extends ScorerOptions {
  /** Default `squaredError`. */
  readonly loss?: 'squaredError' | 'huber';
}

/** A number: `[m]`, squared error (or Huber's with δ = 1). Target float32 `[m]`. Predicts `value` `[m]`. Scale targets to about unit variance. */
export function regression(options: RegressionOptions): TaskHead {
  checkHead('regression', options, {}, { loss: ['squaredError', 'huber'] });
  const { loss = 'squaredError', ...rest } = options;
  const score = scorer(rest, 1);
  return {
    kind: 'regression',
    metrics: ['meanAbsoluteError', 'pearson'],
    config: jsonOf('regression', options),
    init: score.init,
    apply(params, { pooled }, context) {
      assertWidth('regression', pooled, options.inputs);
      return squeeze(score.apply(params, pooled, context), [-1]);
    },
    loss: (value, target, weight) => (loss === 'huber' ? huber : squaredError)(value, target as Tensor, { weight }),
    predict: (value) => ({ value: value.clone() }),
  };
}
