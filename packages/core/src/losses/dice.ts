import { add, div, mul, type Scalar, sigmoid, square, sub, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { assertAtLeast } from './classes';
import { assertSameShape, overFeatures } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface DiceOptions extends RowWeights {
  /** s > 0, added above and below: a row without positives, and without any predicted, has loss 0. Default 1. */
  readonly smooth?: number;
  /** Sums of squares below (Milletari et al. 2016). Default false. */
  readonly squared?: boolean;
}

/**
 * The weighted mean over rows of 1 − (2 Σ p·y + s)/(Σ p + Σ y + s), p = σ(x), float32 []. `logits` and `target` [m, …], y in [0, 1]; the sums are those of a row.
 * It is of the whole row's overlap, so that many easy negatives do not outvote few positives. Milletari, Navab & Ahmadi 2016, arXiv:1606.04797.
 */
export function dice(logits: Tensor, target: Tensor, { weight, smooth = 1, squared = false }: DiceOptions = {}): Scalar {
  assertSameShape(logits, target);
  assertAtLeast('smooth', smooth, 0, true);
  return tidy(() => {
    const p = sigmoid(logits);
    const total = (x: Tensor) => overFeatures(x, sum);
    const size = (x: Tensor) => total(squared ? square(x) : x);
    const overlap = add(mul(total(mul(p, target)), 2), smooth);
    return weightedMean(sub(1, div(overlap, add(add(size(p), size(target)), smooth))), weight);
  });
}
