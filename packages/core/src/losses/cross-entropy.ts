import {
  add,
  cast,
  div,
  equal,
  expandDims,
  maximum,
  mul,
  neg,
  notEqual,
  range,
  reshape,
  type Scalar,
  scalar,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { logSoftmax } from '../ops';
import { assertSmoothing, type PerClass, perClass } from './classes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface CrossEntropyOptions extends RowWeights {
  /** s: the target becomes (1 − s)·target + s/K (Szegedy et al. 2016, arXiv:1512.00567). Default 0. */
  readonly labelSmoothing?: number;
  /** One factor per class, also in the divisor of the mean for class numbers as targets. Default: none. */
  readonly classWeights?: PerClass;
  /** Rows with this class number are left out. Default: none. */
  readonly ignore?: number;
}

/**
 * The weighted mean over rows of −Σ_c q_c ln softmax(x)_c, float32 []. `logits` [m, K]; `target` int32 [m], class numbers 0 … K − 1 (others count
 * as no class at all), or float32 [m, K], probabilities. With class weights w: −Σ_c w_c q_c ln softmax(x)_c, and Σ w_yᵢ as divisor where targets are
 * class numbers. Rows of weight 0 throughout give 0 with zero gradient. Finite for finite logits.
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Scalar {
  return tidy(() => {
    const { values, weights, factors } = rows(logits, target, options);
    if (!factors) return weightedMean(values, weights);
    const total = weights ? mul(factors, weights) : factors;
    return div(sum(weights ? mul(values, weights) : values), maximum(sum(total), 1e-30)) as Scalar;
  });
}

/** The losses of the rows themselves, float32 [m], class weights included, row weights not; an ignored row has 0. */
export function crossEntropyRows(logits: Tensor, target: Tensor, options: Omit<CrossEntropyOptions, 'weight'> = {}): Tensor {
  return tidy(() => {
    const { values, kept } = rows(logits, target, options);
    return kept ? mul(values, kept) : values;
  });
}

/**
 * Cross-entropy of token tags: `logits` [m, T, K], `tags` int32 [m, T] with −1 for a token without a label, `weight` [m] per row. The mean over the
 * labelled tokens, each with its row's weight.
 */
export function taggingCrossEntropy(
  logits: Tensor,
  tags: Tensor,
  { weight, ...options }: Omit<CrossEntropyOptions, 'ignore'> = {},
): Scalar {
  return tidy(() => {
    const perToken = weight && reshape(mul(expandDims(weight, -1), cast(notEqual(tags, scalar(-1, 'int32')), 'float32')), [-1]);
    return crossEntropy(reshape(logits, [-1, logits.shape[logits.rank - 1]!]), reshape(tags, [-1]), {
      ...options,
      weight: perToken,
      ignore: -1,
    });
  });
}

/** `values`: the row losses; `weights`: what they are weighted with; `factors`: with what the divisor's weights are multiplied besides. */
function rows(logits: Tensor, target: Tensor, { weight, labelSmoothing = 0, classWeights, ignore }: CrossEntropyOptions) {
  assertSmoothing(labelSmoothing);
  const classes = logits.shape[logits.rank - 1]!;
  const numbers = target.rank === logits.rank - 1;
  if (!numbers && target.rank !== logits.rank)
    throw new TaskloomError('shape_mismatch', 'Targets do not fit the logits.', {
      name: 'target',
      expected: `class numbers [${logits.shape.slice(0, -1)}] or probabilities [${logits.shape}]`,
      got: `[${target.shape}]`,
    });
  const whole = numbers ? cast(target, 'int32') : undefined;
  // Not `oneHot`: with float32 asked for, the wasm kernel writes the bits of integers.
  const hard = whole ? cast(equal(expandDims(whole, -1), range(0, classes, 1, 'int32')), 'float32') : target;
  const q = labelSmoothing === 0 ? hard : add(mul(hard, 1 - labelSmoothing), labelSmoothing / classes);
  const perClassWeights = classWeights && perClass('classWeights', classWeights, classes);
  const values = neg(sum(mul(perClassWeights ? mul(q, perClassWeights) : q, logSoftmax(logits)), -1));
  const kept = whole && ignore !== undefined ? cast(notEqual(whole, scalar(ignore, 'int32')), 'float32') : undefined;
  return {
    values,
    kept,
    weights: kept && weight ? mul(kept, weight) : (kept ?? weight),
    factors: whole && perClassWeights ? sum(mul(hard, perClassWeights), -1) : undefined,
  };
}
