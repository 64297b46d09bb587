import { sampleTensor } from '@taskloom/testing';
import { add, reshape, type Scalar, slice, square, type Tensor, tensor } from '@tensorflow/tfjs-core';
import {
  absoluteError,
  binaryCrossEntropy,
  binaryFocal,
  contrastive,
  coral,
  corn,
  cosineEmbedding,
  crf,
  crossEntropy,
  dice,
  distillation,
  featureMatching,
  focal,
  gaussianNll,
  hinge,
  huber,
  infoNce,
  logCosh,
  multiClassHinge,
  multipleNegativesRanking,
  ntXent,
  quantile,
  sequenceCrossEntropy,
  spanExtraction,
  squaredError,
  supervisedContrastive,
  taggingCrossEntropy,
  triplet,
} from '../../src/losses';

export type Loss = (x: Tensor, weight: Tensor) => Scalar;

export const ints = (values: number[], shape?: number[]) => tensor(values, shape as [number], 'int32');

/** Part `i` of x [m, parts, …], and of x [m, parts]. */
const middle = (x: Tensor, i: number) => reshape(slice(x, [0, i, 0], [x.shape[0]!, 1, x.shape[2]!]), [x.shape[0]!, x.shape[2]!]);
const column = (x: Tensor, i: number) => reshape(slice(x, [0, i], [x.shape[0]!, 1]), [x.shape[0]!]);

const chain = {
  get transitions() {
    return sampleTensor([3, 3], 11, -1, 1);
  },
  get start() {
    return sampleTensor([3], 12, -1, 1);
  },
  get end() {
    return sampleTensor([3], 13, -1, 1);
  },
};

/** By name: a loss of x, the shape of x, and the number of rows. */
export const losses: { readonly [name: string]: readonly [Loss, number[], number] } = {
  'cross-entropy': [(x, weight) => crossEntropy(x, ints([2, 0, 1]), { weight }), [3, 4], 3],
  'cross-entropy, smoothed, weighted': [
    (x, weight) => crossEntropy(x, ints([2, 0, 1]), { weight, labelSmoothing: 0.2, classWeights: [1, 2, 0.5, 3] }),
    [3, 4],
    3,
  ],
  'cross-entropy, soft': [
    (x, weight) =>
      crossEntropy(
        x,
        tensor([
          [0.2, 0.8],
          [1, 0],
        ]),
        { weight, classWeights: [1, 2] },
      ),
    [2, 2],
    2,
  ],
  'tagging cross-entropy': [
    (x, weight) => taggingCrossEntropy(x, ints([2, -1, 0, 1, -1, -1], [2, 3]), { weight, classWeights: [1, 2, 3] }),
    [2, 3, 3],
    2,
  ],
  'binary cross-entropy': [(x, weight) => binaryCrossEntropy(x, tensor([0, 1, 0.3]), { weight, labelSmoothing: 0.1 }), [3], 3],
  'binary cross-entropy, labels': [
    (x, weight) =>
      binaryCrossEntropy(
        x,
        tensor([
          [0, 1],
          [1, 1],
          [0, 0],
        ]),
        { weight, positiveWeight: [2, 0.5] },
      ),
    [3, 2],
    3,
  ],
  'squared error': [(x, weight) => squaredError(x, tensor([0.1, -0.7, 2]), { weight }), [3], 3],
  'absolute error': [(x, weight) => absoluteError(x, tensor([3, -3, 2]), { weight }), [3], 3],
  huber: [(x, weight) => huber(x, tensor([0.31, -0.72, 4, -3]), { weight, delta: 2.2 }), [4], 4],
  'log cosh': [(x, weight) => logCosh(x, tensor([0.31, -0.72, 4, -3]), { weight }), [4], 4],
  'binary cross-entropy, some unknown': [
    (x, weight) => binaryCrossEntropy(x, tensor([0, 1, 1, 1, 0, 0], [3, 2]), { weight, known: tensor([1, 1, 0, 1, 0, 0], [3, 2]) }),
    [3, 2],
    3,
  ],
  'binary focal': [(x, weight) => binaryFocal(x, tensor([0, 1, 1, 1, 0, 0.3], [3, 2]), { weight }), [3, 2], 3],
  'binary focal, γ ½': [(x, weight) => binaryFocal(x, tensor([0, 1, 0.3]), { weight, gamma: 0.5, alpha: undefined }), [3], 3],
  focal: [(x, weight) => focal(x, ints([2, 0, 1]), { weight, alpha: [1, 2, 0.5, 3] }), [3, 4], 3],
  'focal, γ ½': [(x, weight) => focal(x, ints([2, 0, 1]), { weight, gamma: 0.5 }), [3, 4], 3],
  'gaussian likelihood': [
    (x, weight) => gaussianNll(column(x, 0), tensor([0.5, -1, 2]), add(square(column(x, 1)), 0.3), { weight, constant: true }),
    [3, 2],
    3,
  ],
  'gaussian likelihood, logarithm': [
    (x, weight) => gaussianNll(column(x, 0), tensor([0.5, -1, 2]), column(x, 1), { weight, form: 'logVariance', epsilon: 1e-2 }),
    [3, 2],
    3,
  ],
  quantile: [(x, weight) => quantile(x, tensor([3, -3, 2]), { weight, quantiles: 0.2 }), [3], 3],
  quantiles: [(x, weight) => quantile(x, tensor([3, -3, 2]), { weight, quantiles: [0.1, 0.5, 0.9] }), [3, 3], 3],
  hinge: [(x, weight) => hinge(x, ints([1, -1, 1]), { weight, margin: 2.1 }), [3], 3],
  'hinge, squared': [(x, weight) => hinge(x, tensor([1, -1, 1, 1, -1, -1], [3, 2]), { weight, squared: true, margin: 2.1 }), [3, 2], 3],
  'hinge, classes': [(x, weight) => multiClassHinge(x, ints([2, 0, 1]), { weight, margin: 3 }), [3, 4], 3],
  'hinge, classes, squared': [(x, weight) => multiClassHinge(x, ints([2, 0, 1]), { weight, margin: 3, squared: true }), [3, 4], 3],
  dice: [(x, weight) => dice(x, tensor([0, 1, 1, 1, 0, 0], [2, 3]), { weight, smooth: 0.5 }), [2, 3], 2],
  'dice, squared': [(x, weight) => dice(x, tensor([0, 1, 1, 1, 0, 0], [2, 3]), { weight, squared: true }), [2, 3], 2],
  corn: [(x, weight) => corn(x, ints([0, 3, 1]), { weight }), [3, 3], 3],
  distillation: [(x, weight) => distillation(x, sampleTensor([3, 4], 7, -2, 2), { weight }), [3, 4], 3],
  'feature matching': [(x, weight) => featureMatching(x, sampleTensor([3, 4], 7, -2, 2), { weight }), [3, 4], 3],
  'feature matching, directions': [(x, weight) => featureMatching(x, sampleTensor([3, 4], 7), { weight, normalize: true }), [3, 4], 3],
  'sequence cross-entropy': [
    (x, weight) =>
      sequenceCrossEntropy(x, ints([2, 1, 0, 1, 0, 2], [2, 3]), { weight, mask: tensor([1, 1, 0, 1, 0, 0], [2, 3]), labelSmoothing: 0.1 }),
    [2, 3, 3],
    2,
  ],
  'sequence cross-entropy, no mask': [(x, weight) => sequenceCrossEntropy(x, ints([2, 1, 0, 1], [2, 2]), { weight }), [2, 2, 3], 2],
  'sequence cross-entropy, per sequence': [
    (x, weight) =>
      sequenceCrossEntropy(x, ints([2, 1, 0, 1, 0, 2], [2, 3]), {
        weight,
        mask: tensor([1, 1, 0, 1, 0, 0], [2, 3]),
        per: 'sequence',
        classWeights: [1, 2, 3],
      }),
    [2, 3, 3],
    2,
  ],
  spans: [
    (x, weight) =>
      spanExtraction(middle(x, 0), middle(x, 1), ints([0, 2, 1]), ints([1, 2, 0]), {
        weight,
        mask: tensor([1, 1, 0, 1, 1, 1, 1, 1, 0], [3, 3]),
      }),
    [3, 2, 3],
    3,
  ],
  triplet: [(x, weight) => triplet(middle(x, 0), middle(x, 1), middle(x, 2), { weight, margin: 3 }), [2, 3, 3], 2],
  'cosine embedding': [(x, weight) => cosineEmbedding(middle(x, 0), middle(x, 1), ints([1, -1, -1]), { weight, margin: -1 }), [3, 2, 3], 3],
  contrastive: [(x, weight) => contrastive(middle(x, 0), middle(x, 1), ints([1, 0, 1]), { weight, margin: 4 }), [3, 2, 3], 3],
  infoNCE: [(x, weight) => infoNce(middle(x, 0), middle(x, 1), { weight, temperature: 0.5 }), [3, 2, 3], 3],
  'infoNCE, symmetric': [(x, weight) => infoNce(middle(x, 0), middle(x, 1), { weight, temperature: 0.5, symmetric: true }), [3, 2, 3], 3],
  'NT-Xent': [(x, weight) => ntXent(middle(x, 0), middle(x, 1), { weight }), [3, 2, 3], 3],
  'supervised contrastive': [(x, weight) => supervisedContrastive(x, ints([1, 0, 1, 1, 2]), { weight, temperature: 0.5 }), [5, 3], 5],
  'multiple negatives': [
    (x, weight) => multipleNegativesRanking(middle(x, 0), middle(x, 1), { weight, scale: 2, negatives: sampleTensor([2, 3], 7) }),
    [3, 2, 3],
    3,
  ],
  'multiple negatives, products': [
    (x, weight) => multipleNegativesRanking(middle(x, 0), middle(x, 1), { weight, scale: 1, similarity: 'dot' }),
    [3, 2, 3],
    3,
  ],
  crf: [(x, weight) => crf(x, ints([0, 2, 1, 1, 0, -1, -1, -1], [2, 4]), chain, { weight }), [2, 4, 3], 2],
  'crf, per token, with holes': [
    (x, weight) =>
      crf(
        x,
        ints([-1, 2, 1, 1, 0, 2, 2, -1], [2, 4]),
        { transitions: chain.transitions },
        { weight, per: 'token', mask: tensor([1, 1, 0, 1, 1, 0, 1, 1], [2, 4]) },
      ),
    [2, 4, 3],
    2,
  ],
  coral: [(x, weight) => coral(x, ints([0, 3, 1]), { weight, thresholdWeights: [1, 2, 0.5] }), [3, 3], 3],
};
