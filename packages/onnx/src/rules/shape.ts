import { sizeOf } from '../graph/value';
import type { KernelRules } from './rule';

export const shapeRules: KernelRules = {
  Identity: (_, { x }) => x!,
  Cast: (graph, { x }, { dtype }) => graph.cast(x!, dtype as 'float32'),
  Reshape: (graph, { x }, { shape }) => {
    const sizes = shape as readonly number[];
    const known = sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
    return graph.reshape(
      x!,
      sizes.map((size) => (size === -1 ? sizeOf(x!.shape) / known : size)),
    );
  },
  Transpose: (graph, { x }, { perm }) => graph.transpose(x!, perm as number[]),
  ExpandDims: (graph, { input }, { dim }) => {
    const shape = [...input!.shape];
    const at = dim as number;
    shape.splice(at < 0 ? shape.length + at + 1 : at, 0, 1);
    return graph.reshape(input!, shape);
  },
  Fill: (graph, _, { shape, value, dtype }) => graph.splat(value as number, shape as number[], (dtype ?? 'float32') as 'float32'),
  ZerosLike: (graph, { x }) => graph.splat(0, x!.shape, x!.dtype),
  OnesLike: (graph, { x }) => graph.splat(1, x!.shape, x!.dtype),
  BroadcastTo: (graph, { x }, { shape }) => graph.expand(x!, shape as number[]),
  Tile: (graph, { x }, { reps }) => {
    const times = reps as readonly number[];
    const shape = x!.shape.map((size, axis) => size * times[axis]!);
    if (times.every((n, axis) => n === 1 || x!.shape[axis] === 1)) return graph.expand(x!, shape);
    return graph.op('Tile', [x!, graph.ints(times)], { shape, dtype: x!.dtype });
  },
};
