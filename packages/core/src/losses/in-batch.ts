import {
  add,
  cast,
  concat,
  div,
  equal,
  expandDims,
  greater,
  matMul,
  maximum,
  minimum,
  mul,
  range,
  reshape,
  type Scalar,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { logSoftmax } from '../ops';
import { assertAtLeast, never } from './classes';
import { assertSameShape, unitRows } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

// In these losses a row of weight 0 is nobody's candidate either: it has no influence at all.

export interface InfoNceOptions extends RowWeights {
  /** τ > 0, what cosines are divided by. Default 0.1. */
  readonly temperature?: number;
  /** Ask in both directions and take the mean. Default false. */
  readonly symmetric?: boolean;
}

/**
 * Which of the batch's m positives is mine? The weighted mean over rows of −ln softmax_j(cos(aᵢ, pⱼ)/τ)ᵢ, float32 []; both [m, d].
 * van den Oord, Li & Vinyals 2018, arXiv:1807.03748.
 */
export function infoNce(anchors: Tensor, positives: Tensor, options: InfoNceOptions = {}): Scalar {
  const { weight, temperature = 0.1, symmetric = false } = options;
  assertMatrices(anchors, positives);
  assertAtLeast('temperature', temperature, 0, true);
  return tidy(() => {
    const [a, p] = [unitRows(anchors), unitRows(positives)];
    const own = diagonal(a.shape[0]!);
    const towards = (from: Tensor, to: Tensor) =>
      weightedMean(picked(without(div(matMul(from as never, to as never, false, true), temperature), weight), own), weight);
    return symmetric ? (mul(add(towards(a, p), towards(p, a)), 0.5) as Scalar) : towards(a, p);
  });
}

export interface RankingOptions extends RowWeights {
  /** [n, d]: further candidates, right for nobody. */
  readonly negatives?: Tensor;
  /** What similarities are multiplied by. Default 20. */
  readonly scale?: number;
  /** Default `cosine`. */
  readonly similarity?: 'cosine' | 'dot';
}

/**
 * Multiple-negatives ranking: the weighted mean over rows of −ln softmax_j(scale · sim(aᵢ, cⱼ))ᵢ, the candidates c being all m positives and then the hard
 * negatives, float32 []; anchors and positives [m, d]. Henderson et al. 2017, arXiv:1705.00652.
 */
export function multipleNegativesRanking(anchors: Tensor, positives: Tensor, options: RankingOptions = {}): Scalar {
  const { weight, negatives, scale = 20, similarity = 'cosine' } = options;
  assertMatrices(anchors, positives);
  assertAtLeast('scale', scale, 0, true);
  return tidy(() => {
    const scaled = (x: Tensor) => (similarity === 'cosine' ? unitRows(x) : x);
    const scores = (to: Tensor) => mul(matMul(scaled(anchors) as never, scaled(to) as never, false, true), scale);
    const among = without(scores(positives), weight);
    const own = diagonal(anchors.shape[0]!);
    if (!negatives) return weightedMean(picked(among, own), weight);
    const hard = scores(negatives);
    return weightedMean(picked(concat([among, hard], -1), concat([own, mul(hard, 0)], -1)), weight);
  });
}

export interface NtXentOptions extends RowWeights {
  /** τ > 0. Default 0.5. */
  readonly temperature?: number;
}

/**
 * SimCLR's loss of two views of the same m rows, both [m, d]: each of the 2m vectors is asked which of the other 2m − 1 is its partner, −ln softmax of cosines/τ; the
 * weighted mean over all 2m, float32 []. Chen, Kornblith, Norouzi & Hinton 2020, arXiv:2002.05709.
 */
export function ntXent(view1: Tensor, view2: Tensor, { weight, temperature = 0.5 }: NtXentOptions = {}): Scalar {
  assertMatrices(view1, view2);
  assertAtLeast('temperature', temperature, 0, true);
  return tidy(() => {
    const rows = view1.shape[0]!;
    const all = unitRows(concat([view1, view2], 0));
    const twice = weight && concat([weight, weight], 0);
    const self = diagonal(2 * rows);
    const partner = add(diagonal(2 * rows, rows), diagonal(2 * rows, -rows));
    const scores = add(div(matMul(all as never, all as never, false, true), temperature), mul(self, never));
    return weightedMean(picked(without(scores, twice), partner), twice);
  });
}

export interface SupervisedContrastiveOptions extends RowWeights {
  /** τ > 0. Default 0.1. */
  readonly temperature?: number;
}

/**
 * Rows of one class are each other's positives: −1/|Pᵢ| Σ_{p ∈ Pᵢ} ln softmax_{j ≠ i}(cos(xᵢ, xⱼ)/τ)_p, the weighted mean over the rows that have a positive (0 where
 * none has), float32 []. `features` [m, d], `labels` int32 [m]. The form L_out of Khosla et al. 2020, arXiv:2004.11362.
 */
export function supervisedContrastive(features: Tensor, labels: Tensor, options: SupervisedContrastiveOptions = {}): Scalar {
  const { weight, temperature = 0.1 } = options;
  if (features.rank !== 2 || labels.size !== features.shape[0])
    throw new TaskloomError('shape_mismatch', 'Labels do not fit the features.', {
      name: 'labels',
      expected: `features [m, d], labels [m]`,
      got: `features [${features.shape}], labels [${labels.shape}]`,
    });
  assertAtLeast('temperature', temperature, 0, true);
  return tidy(() => {
    const rows = features.shape[0]!;
    const x = unitRows(features);
    const self = diagonal(rows);
    const names = cast(labels, 'int32');
    const alike = mul(cast(equal(reshape(names, [rows, 1]), reshape(names, [1, rows])), 'float32'), sub(1, self));
    const positives = weight ? mul(alike, counted(weight)) : alike;
    const counts = sum(positives, -1);
    const has = minimum(counts, 1);
    const scores = without(add(div(matMul(x as never, x as never, false, true), temperature), mul(self, never)), weight);
    const each = div(picked(scores, positives), maximum(counts, 1));
    return weightedMean(each, weight ? mul(has, weight) : has);
  });
}

/** −Σ_j chosen_ij ln softmax(scores)_ij, [rows]. */
function picked(scores: Tensor, chosen: Tensor): Tensor {
  return mul(sum(mul(chosen, logSoftmax(scores)), -1), -1);
}

/** Scores [rows, columns] with columns of weight 0 out of the race. */
function without(scores: Tensor, weight: Tensor | undefined): Tensor {
  return weight ? add(scores, mul(sub(1, counted(weight)), never)) : scores;
}

/** 1 where a weight is not 0, [1, m]. */
function counted(weight: Tensor): Tensor {
  return expandDims(cast(greater(weight, 0), 'float32'), 0);
}

/** [size, size] with ones where column = row + `offset`. */
function diagonal(size: number, offset = 0): Tensor {
  const rows = reshape(range(offset, size + offset, 1, 'int32'), [size, 1]);
  return cast(equal(rows, reshape(range(0, size, 1, 'int32'), [1, size])), 'float32');
}

function assertMatrices(a: Tensor, b: Tensor): void {
  assertSameShape(a, b);
  if (a.rank !== 2)
    throw new TaskloomError('shape_mismatch', 'Rows of vectors are needed.', { name: 'shape', expected: '[m, d]', got: `[${a.shape}]` });
}
