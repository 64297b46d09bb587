import { backend_util, type Tensor, util } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph';
import { type ElementType, sizeOf, type Value } from '../graph/value';
import { summedBySegment } from '../passes/segment-sums';
import type { KernelRules } from './rule';
import { addRows } from './segment-sum';

/** 0, step, 2·step, … */
function ramp(graph: Graph, count: number, step: number, shape: readonly number[] = [count]): Value {
  return graph.constant(
    Int32Array.from({ length: count }, (_, i) => i * step),
    shape,
    'int32',
  );
}

/** Indices [n, k] into the first k axes of `shape` as row numbers [n]. */
function rowNumbers(graph: Graph, indices: Value, shape: readonly number[]): Value {
  const [n, k] = indices.shape as [number, number];
  if (k === 0) return graph.splat(0, [n], 'int32');
  if (k === 1) return graph.reshape(indices, [n]);
  const strides = Int32Array.from({ length: k }, (_, axis) => sizeOf(shape.slice(axis + 1, k)));
  return graph.reduce('ReduceSum', graph.binary('Mul', indices, graph.constant(strides, [k], 'int32')), [1], false);
}

function gather(graph: Graph, x: Value, indices: Value, axis: number, batchDims: number): Value {
  if (batchDims === 0) return graph.gather(x, indices, axis);
  const info = backend_util.segment_util.collectGatherOpShapeInfo(x as unknown as Tensor, indices as unknown as Tensor, axis, batchDims);
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
  if (sizeOf(outputShape) === 0) return graph.splat(0, outputShape, x.dtype);
  const taken = sizeOf(indices.shape) / batchSize;
  // [batch · size, outer, slice], from which batch after batch is taken.
  const apart = graph.transpose(graph.reshape(x, [batchSize, outerSize, dimSize, sliceSize]), [0, 2, 1, 3]);
  const rows = graph.reshape(apart, [batchSize * dimSize, outerSize * sliceSize]);
  const at = graph.binary('Add', graph.reshape(indices, [batchSize, taken]), ramp(graph, batchSize, dimSize, [batchSize, 1]));
  const found = graph.reshape(graph.gather(rows, at, 0), [batchSize, taken, outerSize, sliceSize]);
  return graph.reshape(graph.transpose(found, [0, 2, 1, 3]), outputShape);
}

export const indexingRules: KernelRules = {
  GatherV2: (graph, { x, indices }, { axis, batchDims }) => {
    const [at] = util.parseAxisParam(axis as number, [...x!.shape]) as [number];
    const batch = (batchDims as number | undefined) ?? 0;
    return gather(graph, x!, indices!, at, batch < 0 ? batch + indices!.shape.length : batch);
  },
  GatherNd: (graph, { params, indices }) => {
    const depth = indices!.shape.at(-1)!;
    const outer = indices!.shape.slice(0, -1);
    const slice = params!.shape.slice(depth);
    const rows = graph.reshape(params!, [sizeOf(params!.shape.slice(0, depth)), sizeOf(slice)]);
    const at = rowNumbers(graph, graph.reshape(indices!, [sizeOf(outer), depth]), params!.shape);
    return graph.reshape(graph.gather(rows, at, 0), [...outer, ...slice]);
  },
  ScatterNd: (graph, { indices, updates }, attributes) => {
    const shape = attributes.shape as number[];
    const depth = indices!.shape.at(-1) ?? 1;
    const count = sizeOf(indices!.shape.slice(0, -1));
    const width = sizeOf(shape.slice(depth));
    if (sizeOf(shape) === 0) return graph.splat(0, shape, updates!.dtype);
    const at = rowNumbers(graph, graph.reshape(indices!, [count, depth]), shape);
    return graph.reshape(addRows(graph, at, graph.reshape(updates!, [count, width]), sizeOf(shape.slice(0, depth))), shape);
  },
  UnsortedSegmentSum: (graph, { x, segmentIds }, attributes) => {
    const segments = attributes.numSegments as number;
    const inner = x!.shape.slice(segmentIds!.shape.length);
    const [n, width] = [sizeOf(segmentIds!.shape), sizeOf(inner)];
    const result = [segments, ...inner];
    if (sizeOf(result) === 0) return graph.splat(0, result);
    const ids = graph.reshape(segmentIds!, [n]);
    const rows = graph.reshape(graph.cast(x!, 'float32'), [n, width]);
    return graph.reshape(summedBySegment(graph, ids, rows, segments), result);
  },
  // ONNX Runtime has no OneHot of int32 numbers.
  OneHot: (graph, { indices }, attributes) => {
    const { depth, onValue, offValue } = attributes as { depth: number; onValue: number; offValue: number };
    const dtype = attributes.dtype as ElementType;
    const hot = graph.binary('Equal', graph.reshape(indices!, [...indices!.shape, 1]), ramp(graph, depth, 1), 'bool');
    if (onValue === 1 && offValue === 0) return graph.cast(hot, dtype);
    const typed = dtype === 'bool' ? 'int32' : dtype;
    return graph.cast(graph.where(hot, graph.splat(onValue, [], typed), graph.splat(offValue, [], typed)), dtype);
  },
};
