import { TaskloomError } from '@taskloom/core/host';
import { backend_util } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { KernelAttributes } from './rule';

/** One spatial axis of a convolution or a pool. */
export interface Axis {
  readonly size: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  /** What the last window needs after the last element: below 0 where elements are left over. */
  readonly after: number;
}

export interface Geometry {
  /** Height, then width. */
  readonly axes: readonly [Axis, Axis];
  readonly channelsLast: boolean;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly inShape: readonly number[];
  readonly outShape: readonly number[];
}

type Info = ReturnType<typeof backend_util.computeConv2DInfo>;

export function convolutionGeometry(
  { strides, pad, dataFormat, dilations, dimRoundingMode }: KernelAttributes,
  inShape: readonly number[],
  filterShape: readonly number[],
  depthwise: boolean,
): Geometry {
  return geometry(
    backend_util.computeConv2DInfo(
      inShape as [number, number, number, number],
      filterShape as [number, number, number, number],
      strides as number,
      (dilations ?? 1) as number,
      pad as 'same',
      dimRoundingMode as 'floor',
      depthwise,
      backend_util.convertConv2DDataFormat((dataFormat as 'NHWC' | undefined) ?? 'NHWC'),
    ),
  );
}

export function poolGeometry({ filterSize, strides, pad, dimRoundingMode }: KernelAttributes, inShape: readonly number[]): Geometry {
  const found = geometry(
    backend_util.computePool2DInfo(
      inShape as [number, number, number, number],
      filterSize as number,
      strides as number,
      1,
      pad as 'same',
      dimRoundingMode as 'floor',
    ),
  );
  // There is no maximum and no mean of nothing.
  if (found.axes.some(({ kernel, before, after }) => before >= kernel || after >= kernel))
    throw new TaskloomError('not_traceable', 'A window of a pool lies wholly outside of the image.', {
      name: 'pad',
      got: pad,
      expected: `less than the window [${found.axes.map(({ kernel }) => kernel).join(', ')}]`,
    });
  return found;
}

function geometry(info: Info): Geometry {
  const axis = (size: number, out: number, kernel: number, stride: number, dilation: number, before: number): Axis => ({
    size,
    out,
    kernel,
    stride,
    dilation,
    before,
    after: (out - 1) * stride + (kernel - 1) * dilation + 1 - size - before,
  });
  return {
    axes: [
      axis(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, info.dilationHeight, info.padInfo.top),
      axis(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, info.dilationWidth, info.padInfo.left),
    ],
    channelsLast: info.dataFormat === 'channelsLast',
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    inShape: info.inShape,
    outShape: info.outShape,
  };
}

export const each = <T>(axes: readonly [Axis, Axis], of: (axis: Axis) => T): [T, T] => [of(axes[0]), of(axes[1])];

/** How many elements of an axis are left over whatever ONNX's own rounding does. */
const excess = ({ stride, after }: Axis) => (-after >= stride ? -after : 0);

/** The attributes that ONNX's convolutions and pools share; `cropped` has to be called on what they are applied to. */
export function windows(axes: readonly [Axis, Axis]) {
  return {
    kernel_shape: each(axes, ({ kernel }) => kernel),
    strides: each(axes, ({ stride }) => stride),
    pads: [...each(axes, ({ before }) => before), ...each(axes, ({ after }) => Math.max(0, after))],
  };
}

/** x [N, C, H, W] without what no window reaches, where that is more than a stride. */
export function cropped(graph: Graph, x: Value, axes: readonly [Axis, Axis]): Value {
  const sizes = each(axes, (axis) => axis.size - excess(axis));
  return graph.slice(x, [0, 0], sizes, [2, 3]);
}

/** [N, H, W, C] → [N, C, H, W]; nothing to do if the channels are first. */
export function channelsFirst(graph: Graph, x: Value, { channelsLast }: Geometry): Value {
  return channelsLast ? graph.transpose(x, [0, 3, 1, 2]) : x;
}

/** The way back. */
export function asGiven(graph: Graph, y: Value, { channelsLast }: Geometry): Value {
  return channelsLast ? graph.transpose(y, [0, 2, 3, 1]) : y;
}

export function channelsAtEnd(graph: Graph, x: Value, { channelsLast }: Geometry): Value {
  return channelsLast ? x : graph.transpose(x, [0, 2, 3, 1]);
}
