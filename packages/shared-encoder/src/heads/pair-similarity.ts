import { type Branch, type TaskHead, TaskloomError } from '@taskloom/core';
import { binaryCrossEntropy, squaredError } from '@taskloom/core/losses';
import { add, cast, greater, mul, sigmoid, squeeze, stack, sub, type Tensor } from '@tensorflow/tfjs-core';
import { jsonOf, numbers } from '../config';
import { assertWidth } from './check';
import { partner, symmetricPairFeatures } from './pair-features';
import { checkHead, type ScorerOptions, scorer } from './scorer';

export interface PairSimilarityOptions extends ScorerOptions {
  /** `binary`: the same or not; `score`: how similar. Default `binary`. */
  readonly output?: 'binary' | 'score';
  /** Lowest and highest score; with it predictions stay inside. Default: any number. */
  readonly range?: readonly [number, number];
}

/**
 * How alike two rows are, from [|u − v|, u∘v, cos(u, v)], hence symmetric: z `[m]`. Target float32 `[m]`.
 * `binary`: binary cross-entropy of 0/1; predicts `label` int32 `[m]`, `probabilities` `[m, 2]`.
 * `score`: with a range, the cross-entropy of σ(z) with the score scaled to [0, 1] (Reimers & Gurevych 2019, arXiv:1908.10084, its cross-encoders), else squared error;
 * predicts `value` `[m]`.
 */
export function pairSimilarity(options: PairSimilarityOptions): TaskHead {
  checkHead('pairSimilarity', options, {}, { output: ['binary', 'score'], range: numbers });
  const { output = 'binary', range, ...rest } = options;
  if (range && !(range[0] < range[1]))
    throw new TaskloomError('bad_option', 'A range runs from a lower to a higher score.', { name: 'range', got: range });
  const score = scorer({ ...rest, inputs: 2 * options.inputs + 1 }, 1);
  const [low, high] = range ?? [0, 1];
  return {
    kind: 'pairSimilarity',
    metrics: output === 'binary' ? ['f1', 'accuracy', 'averagePrecision'] : ['pearson', 'spearman'],
    config: jsonOf('pairSimilarity', { ...options, output }),
    init: score.init,
    apply(params, input, context) {
      assertWidth('pairSimilarity', input.pooled, options.inputs);
      return squeeze(score.apply(params, symmetricPairFeatures(input.pooled, partner(input, 'pairSimilarity')), context), [-1]);
    },
    loss(z, target, weight) {
      if (output === 'binary') return binaryCrossEntropy(z, target as Tensor, { weight });
      if (!range) return squaredError(z, target as Tensor, { weight });
      return binaryCrossEntropy(z, mul(sub(target as Tensor, low), 1 / (high - low)), { weight });
    },
    predict(z): Branch<Tensor> {
      if (output === 'score') return { value: range ? add(mul(sigmoid(z), high - low), low) : z.clone() };
      const yes = sigmoid(z);
      return { label: cast(greater(z, 0), 'int32'), probabilities: stack([sub(1, yes), yes], -1) };
    },
  };
}
