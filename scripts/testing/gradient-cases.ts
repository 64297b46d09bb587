import { gelu, logSoftmax, logSumExp, matMulBroadcast, softmax, take } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import { type GradientCheck, sampleTensor } from './finite-difference';

/** One row of the support table: an op, inputs, and what it does not do. */
export interface GradientCase extends GradientCheck {
  readonly op: string;
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly inputs: () => tf.Tensor[];
  /** Backends that lack the op itself. */
  readonly not?: readonly string[];
}

type F = (...inputs: never[]) => tf.Tensor;
const of = (op: string, f: F, inputs: () => tf.Tensor[], options: GradientCheck & { not?: readonly string[] } = {}): GradientCase => ({
  op,
  f: f as unknown as GradientCase['f'],
  inputs,
  ...options,
});

/** Values at least 0.1 away from 0, where many functions have a kink. */
const offZero = (shape: number[], seed = 1) => {
  const x = sampleTensor(shape, seed);
  return tf.mul(tf.sign(x), tf.add(tf.abs(x), 0.1));
};
/** A permutation of well separated values: no two within 0.1 of each other. */
const distinct = (shape: number[], seed = 1) => {
  const size = shape.reduce((a, b) => a * b, 1);
  const order = Array.from({ length: size }, (_, i) => i).sort((a, b) => ((a * 7 + seed * 3) % 11) - ((b * 7 + seed * 3) % 11) || a - b);
  const values = new Float32Array(size);
  order.forEach((at, rank) => {
    values[at] = -1.05 + (2.3 * rank) / size;
  });
  return tf.tensor(values, shape);
};
const positive = (shape: number[], seed = 1) => sampleTensor(shape, seed, 0.4, 1.9);
const inside = (shape: number[], seed = 1) => sampleTensor(shape, seed, -0.8, 0.8);
const ids = (values: number[], shape = [values.length]) => tf.tensor(Int32Array.from(values), shape, 'int32');
const one = (make: (shape: number[]) => tf.Tensor, shape = [3, 4]) => [make(shape)];
/** Makes a case's second derivative differ from zero, and what flows into its gradient depend on x. */
const squared =
  (f: (x: tf.Tensor) => tf.Tensor) =>
  (x: tf.Tensor): tf.Tensor =>
    tf.square(f(tf.square(x)));

const unary: GradientCase[] = [
  of(
    'abs',
    (x: tf.Tensor) => tf.mul(tf.abs(x), x),
    () => one(offZero),
  ),
  of('acos', tf.acos as F, () => one(inside)),
  of('acosh', tf.acosh as F, () => one((s) => sampleTensor(s, 1, 1.4, 2.4))),
  of('asin', tf.asin as F, () => one(inside)),
  of('asinh', tf.asinh as F, () => one(sampleTensor)),
  of('atan', tf.atan as F, () => one(sampleTensor)),
  of('atanh', tf.atanh as F, () => one(inside)),
  of(
    'clipByValue',
    (x: tf.Tensor) => tf.square(tf.clipByValue(x, -0.6, 0.52)),
    () => one(distinct),
  ),
  of('cos', tf.cos as F, () => one(sampleTensor)),
  of('cosh', tf.cosh as F, () => one(sampleTensor)),
  of('elu', tf.elu as F, () => one(offZero)),
  of('erf', tf.erf as F, () => one(sampleTensor), { step: 0.1 }),
  of('exp', tf.exp as F, () => one(sampleTensor)),
  of('expm1', tf.expm1 as F, () => one(sampleTensor)),
  of(
    'leakyRelu',
    (x: tf.Tensor) => tf.square(tf.leakyRelu(x, 0.1)),
    () => one(offZero),
  ),
  of('log', tf.log as F, () => one(positive)),
  of('log1p', tf.log1p as F, () => one(positive)),
  of(
    'logSigmoid through softplus',
    (x: tf.Tensor) => tf.neg(tf.softplus(tf.neg(x))),
    () => one(sampleTensor),
  ),
  of(
    'neg',
    (x: tf.Tensor) => tf.mul(tf.neg(x), x),
    () => one(sampleTensor),
  ),
  of('reciprocal', tf.reciprocal as F, () => one(positive)),
  of(
    'relu',
    (x: tf.Tensor) => tf.square(tf.relu(x)),
    () => one(offZero),
  ),
  of(
    'relu6',
    (x: tf.Tensor) => tf.square(tf.relu6(x)),
    () => [tf.tensor([-1, 0.7, 5.4, 6.6])],
  ),
  of('rsqrt', tf.rsqrt as F, () => one(positive)),
  of('selu', tf.selu as F, () => one(offZero)),
  of('sigmoid', tf.sigmoid as F, () => one(sampleTensor)),
  of('sin', tf.sin as F, () => one(sampleTensor)),
  of('sinh', tf.sinh as F, () => one(sampleTensor)),
  of('softplus', tf.softplus as F, () => one(sampleTensor)),
  of('sqrt', tf.sqrt as F, () => one(positive)),
  of('square', tf.square as F, () => one(sampleTensor)),
  of('tan', tf.tan as F, () => one(inside)),
  of('tanh', tf.tanh as F, () => one(sampleTensor)),
];

const binary: GradientCase[] = [
  of(
    'add, broadcast',
    (a: tf.Tensor, b: tf.Tensor) => tf.square(tf.add(a, b)),
    () => [sampleTensor([3, 4]), sampleTensor([4], 2)],
  ),
  of(
    'addN',
    (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) => tf.square(tf.addN([a, b, c, a])),
    () => [1, 2, 3].map((s) => sampleTensor([2, 3], s)),
  ),
  of('atan2', tf.atan2 as F, () => [offZero([2, 3]), positive([2, 3], 2)]),
  of('div, broadcast', tf.div as F, () => [sampleTensor([3, 1]), positive([3, 4], 2)]),
  of(
    'maximum',
    (a: tf.Tensor, b: tf.Tensor) => tf.square(tf.maximum(a, b)),
    () => [distinct([2, 3]), tf.scalar(0.21)],
  ),
  of(
    'minimum',
    (a: tf.Tensor, b: tf.Tensor) => tf.square(tf.minimum(a, b)),
    () => [distinct([2, 3]), tf.scalar(0.21)],
  ),
  of(
    'mod',
    (a: tf.Tensor, b: tf.Tensor) => tf.square(tf.mod(a, b)),
    () => [tf.tensor([3.3, 4.1, -2.6]), tf.tensor([1.4, 1.5, 1.1])],
    { tolerance: 5e-3 },
  ),
  of('mul, broadcast', tf.mul as F, () => [sampleTensor([2, 3, 4]), sampleTensor([3, 1], 2)]),
  of('pow', tf.pow as F, () => [positive([2, 3]), sampleTensor([2, 3], 2, 0.5, 2.5)]),
  of(
    'pow, whole exponent of negative base',
    (a: tf.Tensor) => tf.pow(a, tf.scalar(3)),
    () => [offZero([2, 3])],
  ),
  of(
    'prelu',
    (x: tf.Tensor, alpha: tf.Tensor) => tf.square(tf.prelu(x, alpha)),
    () => [offZero([3, 4]), positive([4], 2)],
  ),
  of(
    'prelu, x broadcast',
    (x: tf.Tensor, alpha: tf.Tensor) => tf.square(tf.prelu(x, alpha)),
    () => [offZero([3, 1]), positive([2, 3, 4], 2)],
    { not: ['wasm'] },
  ),
  of('squaredDifference, broadcast', tf.squaredDifference as F, () => [sampleTensor([3, 4]), sampleTensor([3, 1], 2)]),
  of(
    'sub, broadcast',
    (a: tf.Tensor, b: tf.Tensor) => tf.square(tf.sub(a, b)),
    () => [tf.scalar(0.3), sampleTensor([3, 4], 2)],
  ),
];

const piecewiseConstant: GradientCase[] = [
  ...Object.entries({ ceil: tf.ceil, floor: tf.floor, round: tf.round, sign: tf.sign, step: tf.step }).map(([name, f]) =>
    of(
      name,
      (x: tf.Tensor) => tf.mul(f(tf.mul(x, 1.7)), tf.square(x)),
      () => [tf.tensor([-0.71, 0.43, 1.1, -0.2, 0.68])],
    ),
  ),
  ...Object.entries({
    equal: tf.equal,
    greater: tf.greater,
    greaterEqual: tf.greaterEqual,
    less: tf.less,
    lessEqual: tf.lessEqual,
    notEqual: tf.notEqual,
  }).map(([name, f]) =>
    of(
      name,
      (x: tf.Tensor, y: tf.Tensor) => tf.mul(tf.cast(f(x, y), 'float32'), tf.square(x)),
      () => [distinct([4]), tf.scalar(0.03)],
    ),
  ),
  of(
    'logicalAnd, Or, Not, Xor',
    (x: tf.Tensor) => {
      const [a, b] = [tf.greater(x, 0.2), tf.less(x, -0.2)];
      const logic = tf.logicalXor(tf.logicalOr(a, b), tf.logicalNot(tf.logicalAnd(a, b)));
      return tf.mul(tf.add(tf.cast(logic, 'float32'), 1), tf.square(x));
    },
    () => [distinct([5])],
  ),
  of(
    'floorDiv',
    (x: tf.Tensor) => tf.mul(tf.floorDiv(x, tf.scalar(0.4)), tf.square(x)),
    () => [distinct([4])],
  ),
  of(
    'cast to int32 and back',
    (x: tf.Tensor) => tf.mul(tf.cast(tf.cast(tf.mul(x, 3), 'int32'), 'float32'), tf.square(x)),
    () => [tf.tensor([0.5, 0.8, -0.9])],
  ),
  of(
    'onesLike, zerosLike',
    (x: tf.Tensor) => tf.mul(tf.add(tf.onesLike(x), tf.zerosLike(x)), tf.square(x)),
    () => one(sampleTensor),
  ),
  of(
    'where(x > 0, …)',
    (x: tf.Tensor) => tf.where(tf.greater(x, 0), tf.exp(x), tf.sin(x)),
    () => one(offZero),
  ),
  of(
    'oneHot of a cast',
    (x: tf.Tensor) => tf.mul(tf.oneHot(tf.cast(x, 'int32') as tf.Tensor1D, 3), tf.square(x)),
    () => [tf.tensor([0.5, 1.5, 2.5])],
  ),
];

const reductions: GradientCase[] = [
  of(
    'sum',
    squared((x) => tf.sum(x, 1)),
    () => one(sampleTensor),
  ),
  of(
    'sum of all',
    squared((x) => tf.sum(x)),
    () => one(sampleTensor),
  ),
  of(
    'sum, keepDims, two axes',
    squared((x) => tf.sum(x, [0, -1], true)),
    () => one(sampleTensor, [2, 3, 2]),
  ),
  of(
    'mean',
    squared((x) => tf.mean(x, 0)),
    () => one(sampleTensor),
  ),
  of(
    'mean of all',
    squared((x) => tf.mean(x)),
    () => one(sampleTensor),
  ),
  of(
    'max',
    (x: tf.Tensor) => tf.square(tf.max(x, 1)),
    () => one(distinct),
  ),
  of(
    'min, keepDims',
    (x: tf.Tensor) => tf.square(tf.min(x, 0, true)),
    () => one(distinct),
  ),
  of(
    'max of all',
    (x: tf.Tensor) => tf.square(tf.max(x)),
    () => one(distinct),
  ),
  of(
    'prod',
    (x: tf.Tensor) => tf.prod(x, 1),
    () => one(sampleTensor),
  ),
  of(
    'prod of all, with a zero',
    (x: tf.Tensor) => tf.prod(x),
    () => [tf.tensor2d([0.5, 0, 1.5, -0.7], [2, 2])],
  ),
  of(
    'cumsum',
    squared((x) => tf.cumsum(x, 1)),
    () => one(sampleTensor),
  ),
  of(
    'cumsum, exclusive, reverse, first axis',
    squared((x) => tf.cumsum(x, 0, true, true)),
    () => one(sampleTensor),
  ),
  of(
    'moments',
    (x: tf.Tensor) => {
      const { mean, variance } = tf.moments(x, 1);
      return tf.div(mean, tf.sqrt(tf.add(variance, 0.1)));
    },
    () => one(sampleTensor),
  ),
  of(
    'norm',
    (x: tf.Tensor) => tf.norm(x, 'euclidean', 1),
    () => one(offZero),
  ),
  of(
    'tf.logSumExp',
    (x: tf.Tensor) => tf.logSumExp(x, 1),
    () => one(distinct),
  ),
  of('tf.softmax', tf.softmax as F, () => one(sampleTensor)),
  of(
    'topk',
    (x: tf.Tensor) => tf.square(tf.topk(x, 2).values),
    () => one(distinct, [2, 4]),
  ),
];

const shapes: GradientCase[] = [
  of(
    'reshape',
    squared((x) => tf.reshape(x, [2, 6])),
    () => one(sampleTensor),
  ),
  of(
    'expandDims, squeeze',
    squared((x) => tf.squeeze(tf.expandDims(x, 1))),
    () => one(sampleTensor),
  ),
  of(
    'transpose',
    squared((x) => tf.transpose(x, [2, 0, 1])),
    () => one(sampleTensor, [2, 3, 2]),
  ),
  of(
    'slice',
    squared((x) => tf.slice(x, [1, 1], [2, -1])),
    () => one(sampleTensor),
  ),
  of(
    'slice of the first axis',
    squared((x) => tf.slice(x, 1)),
    () => one(sampleTensor),
  ),
  of(
    'concat',
    (a: tf.Tensor, b: tf.Tensor) => tf.square(tf.concat([a, b, a], -1)),
    () => [sampleTensor([2, 3]), sampleTensor([2, 1], 2)],
  ),
  of(
    'stack',
    (a: tf.Tensor, b: tf.Tensor) => tf.square(tf.stack([a, b], 1)),
    () => [sampleTensor([2, 3]), sampleTensor([2, 3], 2)],
  ),
  of(
    'unstack',
    (x: tf.Tensor) => {
      const [a, b] = tf.unstack(x, 1) as [tf.Tensor, tf.Tensor];
      return tf.mul(a, tf.exp(b));
    },
    () => one(sampleTensor, [2, 3, 2]),
  ),
  of(
    'split',
    (x: tf.Tensor) => {
      const [a, , c] = tf.split(x, [1, 2, 1], 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return tf.mul(a, tf.exp(c));
    },
    () => one(sampleTensor),
  ),
  of(
    'pad',
    squared((x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        0.3,
      ),
    ),
    () => one(sampleTensor),
  ),
  of(
    'mirrorPad, reflect',
    squared((x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [2, 0],
        ],
        'reflect',
      ),
    ),
    () => one(sampleTensor),
  ),
  of(
    'mirrorPad, symmetric',
    squared((x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [2, 0],
        ],
        'symmetric',
      ),
    ),
    () => one(sampleTensor),
  ),
  of(
    'reverse',
    squared((x) => tf.reverse(x, 1)),
    () => one(sampleTensor),
  ),
  of(
    'tile',
    squared((x) => tf.tile(x, [2, 1, 3])),
    () => one(sampleTensor, [2, 3, 2]),
  ),
  of(
    'broadcastTo',
    squared((x) => tf.broadcastTo(x, [2, 3, 4])),
    () => one(sampleTensor, [3, 1]),
  ),
  of(
    'where, constant condition',
    (a: tf.Tensor, b: tf.Tensor) => tf.where(tf.tensor1d([1, 0, 1], 'bool'), tf.exp(a), tf.sin(b)),
    () => [sampleTensor([2, 3]), sampleTensor([3], 2)],
  ),
  of(
    'spaceToBatchND, batchToSpaceND',
    (x: tf.Tensor) =>
      tf.square(
        tf.batchToSpaceND(
          tf.square(
            tf.spaceToBatchND(
              x,
              [2, 2],
              [
                [0, 0],
                [0, 0],
              ],
            ),
          ),
          [2, 2],
          [
            [0, 0],
            [0, 0],
          ],
        ),
      ),
    () => one(sampleTensor, [1, 2, 4, 1]),
  ),
];

const indexing: GradientCase[] = [
  of(
    'gather',
    squared((x) => tf.gather(x, ids([2, 0, 2, 1]))),
    () => one(sampleTensor, [4, 3]),
  ),
  of(
    'gather, matrix of indices',
    squared((x) => tf.gather(x, ids([2, 0, 2, 1], [2, 2]))),
    () => one(sampleTensor),
  ),
  of(
    'gather, axis 1',
    squared((x) => tf.gather(x, ids([2, 0, 2]), 1)),
    () => one(sampleTensor, [2, 3, 2]),
  ),
  of(
    'gather, batchDims 1',
    squared((x) => tf.gather(x, ids([2, 0, 1, 1], [2, 2]), 1, 1)),
    () => one(sampleTensor, [2, 3, 2]),
  ),
  of(
    'gatherND',
    squared((x) => tf.gatherND(x, ids([0, 1, 2, 3, 0, 1], [3, 2]))),
    () => one(sampleTensor),
  ),
  of(
    'scatterND',
    squared((x) => tf.scatterND(ids([3, 1, 3], [3, 1]), x, [5, 2])),
    () => one(sampleTensor, [3, 2]),
  ),
  of(
    'unsortedSegmentSum',
    squared((x) => tf.unsortedSegmentSum(x, ids([1, 0, 1, -1]) as tf.Tensor1D, 3)),
    () => one(sampleTensor, [4, 2]),
  ),
];

const products: GradientCase[] = [
  ...[false, true].flatMap((ta) =>
    [false, true].map((tb) =>
      of(
        `matMul${ta ? ', transposeA' : ''}${tb ? ', transposeB' : ''}`,
        ((a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, ta, tb)) as F,
        () => [sampleTensor(ta ? [3, 2] : [2, 3]), sampleTensor(tb ? [4, 3] : [3, 4], 2)],
      ),
    ),
  ),
  of('matMul, batch', tf.matMul as F, () => [sampleTensor([2, 2, 3]), sampleTensor([2, 3, 2], 2)]),
  of('matMul, shared right side', tf.matMul as F, () => [sampleTensor([3, 2, 3]), sampleTensor([3, 2], 2)]),
  of('matMul, shared left side', tf.matMul as F, () => [sampleTensor([1, 2, 3]), sampleTensor([3, 3, 2], 2)]),
  of('matMul, shared right side, transposed', ((a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, true, true)) as F, () => [
    sampleTensor([3, 3, 2]),
    sampleTensor([1, 2, 3], 2),
  ]),
  of(
    'fused.matMul, bias and sigmoid',
    (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor) =>
      tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation: 'sigmoid', transposeA: false, transposeB: false }),
    () => [sampleTensor([2, 3]), sampleTensor([3, 2], 2), sampleTensor([2], 3)],
  ),
  of(
    'fused.matMul, linear',
    (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor) =>
      tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, transposeA: false, transposeB: false }),
    () => [sampleTensor([2, 3]), sampleTensor([3, 2], 2), sampleTensor([2], 3)],
  ),
  of('dot', tf.dot as F, () => [sampleTensor([3]), sampleTensor([3], 2)]),
  of('outerProduct', tf.outerProduct as F, () => [sampleTensor([3]), sampleTensor([2], 2)]),
  of(
    'einsum, one operand',
    squared((x) => tf.einsum('ij->j', x)),
    () => one(sampleTensor),
    { not: ['wasm'] },
  ),
  of(
    'einsum',
    ((a: tf.Tensor, b: tf.Tensor) => tf.einsum('bij,bjk->ik', a, b)) as F,
    () => [sampleTensor([2, 2, 3]), sampleTensor([2, 3, 2], 2)],
    { not: ['wasm'] },
  ),
];

const image = (seed = 1, channels = 2) => sampleTensor([1, 4, 5, channels], seed);
const convolutions: GradientCase[] = [
  of('conv2d, same', ((x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 1, 'same')) as F, () => [image(), sampleTensor([2, 3, 2, 2], 2)]),
  of('conv2d, stride 2, valid', ((x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, 2, 'valid')) as F, () => [
    image(),
    sampleTensor([2, 2, 2, 2], 2),
  ]),
  of('conv1d', ((x: tf.Tensor3D, w: tf.Tensor3D) => tf.conv1d(x, w, 1, 'same')) as F, () => [
    sampleTensor([2, 4, 2]),
    sampleTensor([3, 2, 2], 2),
  ]),
  of('conv2dTranspose', ((x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2dTranspose(x, w, [1, 4, 4, 2], 2, 'same')) as F, () => [
    sampleTensor([1, 2, 2, 2]),
    sampleTensor([2, 2, 2, 2], 2),
  ]),
  of('depthwiseConv2d', ((x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, 1, 'same')) as F, () => [
    image(),
    sampleTensor([2, 2, 2, 2], 2),
  ]),
  of('depthwiseConv2d, stride 2', ((x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, 2, 'valid')) as F, () => [
    image(),
    sampleTensor([2, 2, 2, 1], 2),
  ]),
  of(
    'avgPool',
    squared((x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'same')),
    () => [image()],
  ),
  of(
    'maxPool',
    (x: tf.Tensor) => tf.square(tf.maxPool(x as tf.Tensor4D, 2, 2, 'same')),
    () => [distinct([1, 4, 5, 1])],
  ),
  of(
    'maxPool, overlapping',
    (x: tf.Tensor) => tf.square(tf.maxPool(x as tf.Tensor4D, 2, 1, 'valid')),
    () => [distinct([1, 4, 4, 1])],
  ),
  of(
    'batchNorm',
    ((x: tf.Tensor4D, m: tf.Tensor1D, v: tf.Tensor1D, o: tf.Tensor1D, s: tf.Tensor1D) => tf.batchNorm(x, m, v, o, s, 0.1)) as F,
    () => [sampleTensor([1, 2, 2, 2]), sampleTensor([2], 2), positive([2], 3), sampleTensor([2], 4), positive([2], 5)],
  ),
  of(
    'image.resizeBilinear',
    squared((x) => tf.image.resizeBilinear(x as tf.Tensor4D, [3, 5])),
    () => [sampleTensor([1, 2, 3, 1])],
  ),
];

const own: GradientCase[] = [
  of('softmax, first axis', ((x: tf.Tensor) => softmax(x, 0)) as F, () => one(sampleTensor)),
  of('logSoftmax', ((x: tf.Tensor) => logSoftmax(x)) as F, () => one(sampleTensor)),
  of('logSoftmax, first axis', ((x: tf.Tensor) => logSoftmax(x, 0)) as F, () => one(sampleTensor)),
  of('logSumExp', ((x: tf.Tensor) => logSumExp(x)) as F, () => one(sampleTensor)),
  of('logSumExp, first axis, keepDims', ((x: tf.Tensor) => logSumExp(x, 0, true)) as F, () => one(sampleTensor)),
  of('gelu', ((x: tf.Tensor) => gelu(x)) as F, () => one(sampleTensor), { step: 0.1 }),
  of('gelu, approximate', ((x: tf.Tensor) => gelu(x, { approximate: true })) as F, () => one(sampleTensor)),
  of(
    'take',
    squared((x) => take(x, ids([2, 0, 2, 1], [2, 2]))),
    () => one(sampleTensor),
  ),
  of(
    'take, task axis',
    squared((x) => take(x, ids([2, 0, 2, 1], [2, 2]))),
    () => one(sampleTensor, [2, 3, 2]),
  ),
  of('matMulBroadcast, shared right side', matMulBroadcast as F, () => [sampleTensor([2, 2, 2, 3]), sampleTensor([3, 2], 2)]),
  of('matMulBroadcast, both sides', matMulBroadcast as F, () => [sampleTensor([2, 1, 2, 3]), sampleTensor([3, 3, 2], 2)]),
  of(
    'matMulBroadcast, transposed',
    ((a: tf.Tensor, b: tf.Tensor) => matMulBroadcast(a, b, { transposeA: true, transposeB: true })) as F,
    () => [sampleTensor([2, 3, 2]), sampleTensor([2, 3], 2)],
  ),
];

/** The table by chapters. */
export const gradientCases: { readonly [chapter: string]: readonly GradientCase[] } = {
  'Element by element': unary,
  'Two operands': binary,
  'Piecewise constant': piecewiseConstant,
  'Reductions and softmax': reductions,
  'Shapes and selection': shapes,
  'Gather and scatter': indexing,
  'Matrix products': products,
  'Convolution, pooling, normalisation': convolutions,
  'Ops of @taskloom/core': own,
};
