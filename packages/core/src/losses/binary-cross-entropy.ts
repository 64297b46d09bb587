import { add, mean, mul, neg, reshape, type Scalar, softplus, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { assertSmoothing, type PerClass, perClass } from './classes';
import { assertSameShape, overFeatures } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface BinaryCrossEntropyOptions extends RowWeights {
  /** s: the target becomes (1 − s)·target + s/2. Default 0. */
  readonly labelSmoothing?: number;
  /** Factor of the positive part, one per label for logits [m, K]. Default 1. */
  readonly positiveWeight?: number | PerClass;
  /** float32 [m, K]: 0 where it is not known whether a row has a label. The mean is then over the known labels, each with its row's weight. Default: all 1. */
  readonly known?: Tensor;
}

/**
 * The weighted mean over rows of −(p·y·ln σ(x) + (1 − y)·ln(1 − σ(x))), float32 []; a row of logits [m, K] counts with the mean of its K terms.
 * `target` has the shape of `logits`, values in [0, 1]. Computed as p·y·softplus(−x) + (1 − y)·softplus(x), finite for finite x.
 */
export function binaryCrossEntropy(
  logits: Tensor,
  target: Tensor,
  { weight, labelSmoothing = 0, positiveWeight = 1, known }: BinaryCrossEntropyOptions = {},
): Scalar {
  assertSameShape(logits, target);
  if (known) assertSameShape(logits, known);
  assertSmoothing(labelSmoothing);
  return tidy(() => {
    const y = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / 2);
    const p =
      typeof positiveWeight === 'number' ? positiveWeight : perClass('positiveWeight', positiveWeight, logits.shape[logits.rank - 1]!);
    const positive = mul(mul(y, p), softplus(neg(logits)));
    const negative = mul(sub(1, y), softplus(logits));
    const terms = add(positive, negative);
    if (!known) return weightedMean(overFeatures(terms, mean), weight);
    const rows = weight && reshape(weight, [-1, ...Array<number>(known.rank - 1).fill(1)]);
    return weightedMean(terms, rows ? mul(known, rows) : known);
  });
}
