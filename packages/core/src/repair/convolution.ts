import {
  add,
  avgPool,
  backend_util,
  engine,
  gather,
  maxPoolWithArgmax,
  mul,
  type NamedAttrMap,
  type NamedTensorMap,
  neg,
  reshape,
  rsqrt,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tensor4d,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { type Attributes, constant, type Rule, type Rules, sumTo, zerosOf } from './rule';

const kernel = (name: string, inputs: NamedTensorMap, attributes: Attributes) =>
  engine().runKernel(name, inputs, attributes as NamedAttrMap) as Tensor;

type Triple = { readonly forward: string; readonly toInput: string; readonly toFilter: string };

/** What the three kernels of a convolution share. The sizes are attributes because a stride loses them. */
function geometry(
  { strides, pad, dataFormat, dilations, dimRoundingMode }: Attributes,
  inputShape: readonly number[],
  filterShape: readonly number[],
): Attributes {
  return {
    strides,
    pad,
    dataFormat: dataFormat ?? 'NHWC',
    dilations: dilations ?? 1,
    dimRoundingMode,
    inputShape: [...inputShape],
    filterShape: [...filterShape],
  } as Attributes;
}

/**
 * y = conv(x, w) is bilinear, and so are dx = B(dy, w) and dw = F(x, dy): ⟨conv(x, w), y⟩ = ⟨x, B(y, w)⟩ = ⟨w, F(x, y)⟩. Each one's gradients are
 * the other two, at every order.
 */
function bilinear({ forward, toInput, toFilter }: Triple, dilated: boolean): Rules {
  const conv = (x: Tensor, filter: Tensor, a: Attributes) => kernel(forward, { x, filter }, geometry(a, x.shape, filter.shape));
  const back = (dy: Tensor, filter: Tensor, a: Attributes, shape: readonly number[]) =>
    kernel(toInput, { dy, filter }, geometry(a, shape, filter.shape));
  const filterOf = (x: Tensor, dy: Tensor, a: Attributes, shape: readonly number[]) =>
    kernel(toFilter, { x, dy }, geometry(a, x.shape, shape));
  const check = (a: Attributes) => {
    const dilations = (a.dilations ?? 1) as number | readonly number[];
    if (!dilated && [dilations].flat().some((d) => d !== 1))
      throw new TaskloomError('not_differentiable', 'The gradient of a dilated convolution is not known.', {
        name: forward,
        got: dilations,
        expected: 1,
      });
  };
  const ofForward: Rule = {
    inputs: ['x', 'filter'],
    gradient: (dy, [x, filter], a) => {
      check(a);
      return { x: () => back(dy, filter!, a, x!.shape), filter: () => filterOf(x!, dy, a, filter!.shape) };
    },
  };
  const ofInput: Rule = {
    inputs: ['dy', 'filter'],
    gradient: (ddx, [dy, filter], a) => ({ dy: () => conv(ddx, filter!, a), filter: () => filterOf(ddx, dy!, a, filter!.shape) }),
  };
  const ofFilter: Rule = {
    inputs: ['x', 'dy'],
    gradient: (ddw, [x, dy], a) => ({ x: () => back(dy!, ddw, a, x!.shape), dy: () => conv(x!, ddw, a) }),
  };
  return { [forward]: ofForward, [toInput]: ofInput, [toFilter]: ofFilter };
}

type Window = Parameters<typeof avgPool>[1];
type Padding = Parameters<typeof avgPool>[3];
type Image = [number, number, number, number];

/**
 * `avgPool` divides by the cells of a window that lie inside the image, the kernel of its gradient by all of them: the quotient of the two, times y
 * (or its inverse, for the way back).
 */
function perCell(y: Tensor, input: Tensor, { filterSize, strides, pad, dimRoundingMode }: Attributes, inverse = false): Tensor {
  const info = backend_util.computePool2DInfo(
    input.shape as Image,
    filterSize as Window,
    strides as Window,
    1,
    pad as Padding,
    dimRoundingMode as 'floor',
  );
  const { padInfo, outHeight, outWidth, filterHeight, filterWidth } = info;
  if (padInfo.top === 0 && padInfo.bottom === 0 && padInfo.left === 0 && padInfo.right === 0) return y;
  const inside = (at: number, stride: number, before: number, filter: number, size: number) =>
    Math.min(at * stride - before + filter, size) - Math.max(at * stride - before, 0);
  const quotients = Float32Array.from({ length: outHeight * outWidth }, (_, i) => {
    const rows = inside(Math.floor(i / outWidth), info.strideHeight, padInfo.top, filterHeight, info.inHeight);
    const columns = inside(i % outWidth, info.strideWidth, padInfo.left, filterWidth, info.inWidth);
    const quotient = (filterHeight * filterWidth) / (rows * columns);
    return inverse ? 1 / quotient : quotient;
  });
  return mul(y, tensor4d(quotients, [1, outHeight, outWidth, 1]));
}

export const convolutionRules: Rules = {
  ...bilinear({ forward: 'Conv2D', toInput: 'Conv2DBackpropInput', toFilter: 'Conv2DBackpropFilter' }, false),
  ...bilinear(
    {
      forward: 'DepthwiseConv2dNative',
      toInput: 'DepthwiseConv2dNativeBackpropInput',
      toFilter: 'DepthwiseConv2dNativeBackpropFilter',
    },
    true,
  ),
  AvgPool: {
    inputs: ['x'],
    gradient: (dy, [x], a) => ({ x: () => kernel('AvgPoolGrad', { dy: perCell(dy, x!, a), input: x! }, a) }),
  },
  AvgPoolGrad: {
    inputs: ['input'],
    gradient: (ddx, [input], a) => ({
      dy: () => perCell(avgPool(ddx as Tensor4D, a.filterSize as Window, a.strides as Window, a.pad as Padding), input!, a, true),
      input: () => zerosOf(input!),
    }),
  },
  MaxPool: {
    inputs: ['x'],
    outputs: [true],
    gradient: (dy, [x, y], a) => ({ x: () => kernel('MaxPoolGrad', { dy, input: x!, output: y! }, a) }),
  },
  // Linear in dy: each window takes what flows to its maximum.
  MaxPoolGrad: {
    inputs: ['dy', 'input', 'output'],
    gradient: (ddx, [dy, input, output], { filterSize, strides, pad }) => ({
      dy: () => {
        const where = constant(() => {
          const { indexes } = maxPoolWithArgmax(input as Tensor4D, filterSize as Window, strides as Window, pad as 'same', true);
          return reshape(indexes as Tensor, [-1]);
        });
        return reshape(gather(reshape(ddx, [-1]), where as Tensor1D), dy!.shape);
      },
      input: () => zerosOf(input!),
      output: () => zerosOf(output!),
    }),
  },
  FusedBatchNorm: {
    inputs: ['x', 'mean', 'variance', 'scale'],
    gradient: (dy, [x, mean, variance, scale], { varianceEpsilon }) => {
      const inverse = () => rsqrt(add(variance!, varianceEpsilon as number));
      const centered = () => sub(x!, mean!);
      const scaled = () => mul(dy, mul(scale!, inverse()));
      return {
        x: () => scaled(),
        mean: () => sumTo(neg(scaled()), mean!.shape),
        variance: () => sumTo(mul(mul(scaled(), centered()), mul(-0.5, mul(inverse(), inverse()))), variance!.shape),
        scale: () => sumTo(mul(dy, mul(centered(), inverse())), scale!.shape),
        offset: () => sumTo(dy, mean!.shape),
      };
    },
  },
  // The kernel of some backends exchanges height and width of its result's shape.
  ResizeBilinear: {
    inputs: ['images'],
    gradient: (dy, [images], a) => ({ images: () => reshape(kernel('ResizeBilinearGrad', { dy, images: images! }, a), images!.shape) }),
  },
  ResizeBilinearGrad: {
    inputs: ['dy', 'images'],
    gradient: (ddx, [dy, images], a) => ({
      dy: () =>
        kernel('ResizeBilinear', { images: reshape(ddx, images!.shape) }, { ...a, size: [dy!.shape[1]!, dy!.shape[2]!] } as Attributes),
      images: () => zerosOf(images!),
    }),
  },
};
