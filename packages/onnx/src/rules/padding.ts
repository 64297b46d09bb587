import { backend_util } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph';
import { splatOf, type Value } from '../graph/value';
import type { KernelRules } from './rule';

type Borders = readonly (readonly [number, number])[];

/** `x` with borders of one number. */
export function pad(graph: Graph, x: Value, borders: Borders, value = 0): Value {
  if (borders.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((size, axis) => borders[axis]![0] + size + borders[axis]![1]);
  if (x.constant?.kind === 'splat' && splatOf(x) === value) return graph.splat(value, shape, x.dtype);
  const pads = [...borders.map(([before]) => before), ...borders.map(([, after]) => after)];
  return graph.op('Pad', [x, graph.ints(pads), graph.splat(value, [], x.dtype)], { shape, dtype: x.dtype });
}

/** Where the elements of a mirrored axis come from. `edge` is 1 if the outermost element is not repeated. */
function mirrored(size: number, [before, after]: readonly [number, number], edge: number): Int32Array {
  return Int32Array.from({ length: before + size + after }, (_, i) => {
    const at = i - before;
    if (at < 0) return -at - 1 + edge;
    return at < size ? at : 2 * size - 1 - edge - at;
  });
}

/** [0, 0] for the batch and for what follows the blocks. */
function allAxes(borders: readonly (readonly number[])[], rank: number): Borders {
  return Array.from({ length: rank }, (_, axis) => (borders[axis - 1] ?? [0, 0]) as [number, number]);
}

export const paddingRules: KernelRules = {
  PadV2: (graph, { x }, { paddings, constantValue }) => pad(graph, x!, paddings as Borders, (constantValue as number | undefined) ?? 0),
  MirrorPad: (graph, { x }, { paddings, mode }) =>
    (paddings as Borders).reduce((y, borders, axis) => {
      if (borders[0] === 0 && borders[1] === 0) return y;
      const from = mirrored(y.shape[axis]!, borders, mode === 'reflect' ? 1 : 0);
      return graph.gather(y, graph.constant(from, [from.length], 'int32'), axis);
    }, x!),
  SpaceToBatchND: (graph, { x }, attributes) => {
    const blocks = attributes.blockShape as number[];
    const cells = blocks.reduce((a, b) => a * b, 1);
    const padded = pad(graph, x!, allAxes(attributes.paddings as number[][], x!.shape.length));
    const shape = [...padded.shape];
    const apart = backend_util.getReshaped(shape, blocks, cells, false);
    const moved = graph.transpose(graph.reshape(padded, apart), backend_util.getPermuted(apart.length, blocks.length, false));
    return graph.reshape(moved, backend_util.getReshapedPermuted(shape, blocks, cells, false));
  },
  BatchToSpaceND: (graph, { x }, attributes) => {
    const blocks = attributes.blockShape as number[];
    const cells = blocks.reduce((a, b) => a * b, 1);
    const shape = [...x!.shape];
    const apart = backend_util.getReshaped(shape, blocks, cells);
    const moved = graph.transpose(graph.reshape(x!, apart), backend_util.getPermuted(apart.length, blocks.length));
    const whole = graph.reshape(moved, backend_util.getReshapedPermuted(shape, blocks, cells));
    const crops = allAxes(attributes.crops as number[][], whole.shape.length);
    return graph.slice(
      whole,
      crops.map(([before]) => before),
      crops.map(([, after], axis) => whole.shape[axis]! - after),
    );
  },
};
