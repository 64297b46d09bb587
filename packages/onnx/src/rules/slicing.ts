import { backend_util, slice_util, type Tensor, util } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { KernelRules } from './rule';

type Values = readonly [Value, ...Value[]];

const axisOf = (axis: unknown, rank: number): number => util.parseAxisParam(axis as number, Array<number>(rank).fill(1))[0]!;

/** `x` cut along one axis into parts of the given sizes. */
function split(graph: Graph, x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  const shapes = sizes.map((size) => x.shape.map((whole, i) => (i === axis ? size : whole)));
  if (sizes.length === 1) return [x];
  if (x.constant?.kind === 'splat') {
    const { value } = x.constant;
    return shapes.map((shape) => graph.splat(value, shape, x.dtype));
  }
  const results = shapes.map((shape) => ({ shape, dtype: x.dtype }));
  return graph.node('Split', [x, graph.ints(sizes)], results, { axis });
}

function without<T>(list: readonly T[], axis: number): T[] {
  return list.filter((_, i) => i !== axis);
}

export const slicingRules: KernelRules = {
  Concat: (graph, inputs, { axis }) => {
    const parts = Object.values(inputs) as unknown as Values;
    return graph.concat(
      parts.map((part) => graph.cast(part, parts[0].dtype)),
      axisOf(axis, parts[0].shape.length),
    );
  },
  Pack: (graph, inputs, attributes) => {
    const parts = Object.values(inputs) as unknown as Values;
    const axis = axisOf(attributes.axis ?? 0, parts[0].shape.length + 1);
    const shape = [...parts[0].shape.slice(0, axis), 1, ...parts[0].shape.slice(axis)];
    return graph.concat(
      parts.map((part) => graph.reshape(graph.cast(part, parts[0].dtype), shape)),
      axis,
    );
  },
  Unpack: (graph, { value }, attributes) => {
    const axis = axisOf(attributes.axis ?? 0, value!.shape.length);
    const shape = without(value!.shape, axis);
    const sizes = Array<number>(value!.shape[axis]!).fill(1);
    return sizes.length === 0 ? [] : split(graph, value!, sizes, axis).map((part) => graph.reshape(part, shape));
  },
  SplitV: (graph, { x }, { numOrSizeSplits, axis }) => {
    const at = axisOf(axis, x!.shape.length);
    return split(graph, x!, backend_util.prepareSplitSize(x as unknown as Tensor, numOrSizeSplits as number[], at), at);
  },
  Slice: (graph, { x }, attributes) => {
    const [begin, size] = slice_util.parseSliceParams(
      x as unknown as Tensor,
      attributes.begin as number[],
      attributes.size as number[],
    ) as [number[], number[]];
    slice_util.assertParamsValid(x as unknown as Tensor, begin, size);
    return graph.slice(
      x!,
      begin,
      begin.map((start, axis) => start + size[axis]!),
    );
  },
  StridedSlice: (graph, { x }, a) => {
    const masks = [a.beginMask, a.endMask, a.ellipsisMask, a.newAxisMask, a.shrinkAxisMask] as [number, number, number, number, number];
    const { begin, end, strides, finalShape } = slice_util.sliceInfo(
      [...x!.shape],
      a.begin as number[],
      a.end as number[],
      a.strides as number[],
      ...masks,
    );
    const axes = begin.map((_, axis) => axis);
    return graph.reshape(graph.slice(x!, begin, end, axes, strides), finalShape);
  },
  Reverse: (graph, { x }, { dims }) => {
    const axes = util.parseAxisParam(dims as number[], [...x!.shape]).filter((axis) => x!.shape[axis]! > 1);
    return graph.slice(
      x!,
      axes.map((axis) => x!.shape[axis]! - 1),
      axes.map(() => -1),
      axes,
      axes.map(() => -1),
    );
  },
};
