import { type HostArray, hostArray } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import { each } from './outputs';

/** Kernels without a row in core's table of gradients: their results only. */
export interface ValueCase {
  readonly kernels: readonly string[];
  readonly inputs: { readonly [name: string]: HostArray };
  readonly ops: (inputs: { readonly [name: string]: tf.Tensor }) => { readonly [name: string]: tf.Tensor };
}

const float = (values: readonly number[], shape: readonly number[] = [values.length]) => hostArray(Float32Array.from(values), shape);
const int = (values: readonly number[]) => hostArray(Int32Array.from(values));
const bool = (values: readonly number[], shape: readonly number[] = [values.length]) => hostArray(Uint8Array.from(values), shape);
const ramp = (shape: readonly number[], from = -1.1, by = 0.17) =>
  float(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + ((i * 7) % 13) * by),
    shape,
  );

/** A kernel that no op of tfjs calls, or that its cpu backend lacks: there, what it should equal. */
function kernel(name: string, inputs: object, attributes: object, otherwise: () => tf.Tensor): tf.Tensor {
  return tf.getKernel(name, tf.getBackend()) ? tf.engine().runKernel(name, inputs as never, attributes as never) : otherwise();
}

const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;

export const valueCases: readonly ValueCase[] = [
  {
    kernels: ['IsNan', 'IsInf', 'IsFinite'],
    inputs: { x: float([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]) },
    ops: ({ x }) => ({ nan: tf.isNaN(x!), inf: tf.isInf(x!), finite: tf.isFinite(x!) }),
  },
  {
    kernels: ['All', 'Any', 'LogicalXor'],
    inputs: { a: bool([0, 1, 1, 1], [2, 2]), b: bool([1, 1, 0, 0], [2, 2]) },
    ops: ({ a, b }) => ({ all: tf.all(a!, 1), any: tf.any(b!, 0), xor: kernel('LogicalXor', { a, b }, {}, () => tf.logicalXor(a!, b!)) }),
  },
  {
    kernels: ['ArgMax', 'ArgMin'],
    inputs: { x: float([1, 3, 3, -2, -2, 0], [2, 3]) },
    ops: ({ x }) => ({ first: tf.argMax(x!, -1), least: tf.argMin(x!, 1) }),
  },
  { kernels: ['BitwiseAnd'], inputs: { a: int([7, -7, 12]), b: int([3, 5, -8]) }, ops: ({ a, b }) => ({ and: tf.bitwiseAnd(a!, b!) }) },
  {
    kernels: ['Cumprod'],
    inputs: { x: ramp([3, 5]) },
    ops: ({ x }) => ({ product: tf.cumprod(x!, 1), before: tf.cumprod(x!, 0, true, true) }),
  },
  {
    kernels: ['EluGrad'],
    inputs: { dy: ramp([7]), y: ramp([7], -0.9, 0.3) },
    ops: ({ dy, y }) => ({ dx: tf.engine().runKernel('EluGrad', { dy: dy!, y: y! }) as tf.Tensor }),
  },
  {
    kernels: ['LogSoftmax'],
    inputs: { x: ramp([3, 4], -30, 5) },
    ops: ({ x }) => ({ log: kernel('LogSoftmax', { logits: x }, { axis: -1 }, () => tf.logSoftmax(x!)) }),
  },
  {
    kernels: ['BroadcastTo'],
    inputs: { x: ramp([3, 1]) },
    ops: ({ x }) => ({ y: kernel('BroadcastTo', { x }, { shape: [2, 3, 4], inputShape: [3, 1] }, () => tf.broadcastTo(x!, [2, 3, 4])) }),
  },
  {
    kernels: ['Range', 'LinSpace'],
    inputs: { x: ramp([5]) },
    ops: ({ x }) => ({ range: tf.mul(x!, tf.range(0, 5)), down: tf.range(4, -3, -2, 'int32'), line: tf.mul(x!, tf.linspace(-1, 1, 5)) }),
  },
  {
    kernels: ['StridedSlice'],
    inputs: { x: ramp([5, 6]) },
    ops: ({ x }) => ({
      back: tf.stridedSlice(x!, [3, 0], [0, 4], [-1, 2]),
      masked: tf.stridedSlice(x!, [1, 1], [3, 4], [1, 1], 1, 2, 0, 0, 0),
    }),
  },
  {
    kernels: ['_FusedMatMul'],
    inputs: { a: ramp([3, 2]), b: ramp([4, 2], -0.7), bias: ramp([4], -3.5, 0.9), alpha: ramp([4], 0.1) },
    ops: ({ a, b, bias, alpha }) =>
      each(activations, (activation) =>
        tf.fused.matMul({
          a: a as tf.Tensor2D,
          b: b as tf.Tensor2D,
          transposeB: true,
          bias,
          activation,
          ...(activation === 'prelu' ? { preluActivationWeights: alpha } : { leakyreluAlpha: 0.3 }),
        }),
      ),
  },
  {
    kernels: ['FusedConv2D', 'FusedDepthwiseConv2D'],
    inputs: { x: ramp([1, 4, 5, 2]), w: ramp([2, 2, 2, 3], -0.6), d: ramp([2, 2, 2, 1], -0.4), bias: ramp([3], -0.5), two: ramp([2]) },
    ops: ({ x, w, d, bias, two }) => ({
      conv: tf.fused.conv2d({ x: x as tf.Tensor4D, filter: w as tf.Tensor4D, strides: 1, pad: 'same', bias, activation: 'relu' }),
      depth: tf.fused.depthwiseConv2d({
        x: x as tf.Tensor4D,
        filter: d as tf.Tensor4D,
        strides: 2,
        pad: 'valid',
        bias: two,
        activation: 'elu',
      }),
    }),
  },
  {
    kernels: ['ResizeNearestNeighbor'],
    inputs: { x: ramp([1, 3, 4, 2]) },
    ops: ({ x }) => ({
      larger: tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [5, 7]),
      corners: tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [2, 3], true),
    }),
  },
];
