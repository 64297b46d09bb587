import {
  add,
  backend_util,
  batchToSpaceND,
  cast,
  concat,
  mul,
  pad,
  reshape,
  reverse,
  slice,
  slice_util,
  spaceToBatchND,
  stack,
  sub,
  sum,
  type Tensor,
  transpose,
  util,
} from '@tensorflow/tfjs-core';
import { constant, type Rule, type Rules, sumTo, zerosOf } from './rule';

/** `part` at `offset` along `axis` of a tensor of zeros that is `size` long there. */
function place(part: Tensor, axis: number, offset: number, size: number): Tensor {
  return pad(part, part.shape.map((length, i) => (i === axis ? [offset, size - offset - length] : [0, 0])) as [number, number][]);
}

/** `length` entries from `offset` along `axis`. */
function cut(x: Tensor, axis: number, offset: number, length: number): Tensor {
  return slice(
    x,
    x.shape.map((_, i) => (i === axis ? offset : 0)),
    x.shape.map((size, i) => (i === axis ? length : size)),
  );
}

/** Back to the input's shape. */
function reshaping(input: string): Rule {
  return { inputs: [input], gradient: (dy, [x]) => ({ [input]: () => reshape(dy, x!.shape) }) };
}

/** Folds the mirrored borders of one axis back on what they mirror. */
function unmirror(dy: Tensor, axis: number, [before, after]: readonly [number, number], edge: number): Tensor {
  const size = dy.shape[axis]! - before - after;
  let inner = cut(dy, axis, before, size);
  if (before > 0) inner = add(inner, place(reverse(cut(dy, axis, 0, before), axis), axis, edge, size));
  if (after > 0) inner = add(inner, place(reverse(cut(dy, axis, before + size, after), axis), axis, size - edge - after, size));
  return inner;
}

/** Sums the repetitions, one axis after the other. */
function untile(dy: Tensor, shape: readonly number[], reps: readonly number[]): Tensor {
  let gradient = dy;
  const sizes = [...dy.shape];
  for (let axis = 0; axis < shape.length; axis++) {
    if (reps[axis] === 1) continue;
    const before = sizes.slice(0, axis).reduce((a, b) => a * b, 1);
    sizes[axis] = shape[axis]!;
    gradient = sum(reshape(gradient, [before, reps[axis]!, -1]), 1);
  }
  return reshape(gradient, [...shape]);
}

const asList = (dy: Tensor): Tensor[] => (Array.isArray(dy) ? dy : [dy]);

export const shapeRules: Rules = {
  BatchToSpaceND: {
    inputs: [],
    gradient: (dy, _, { blockShape, crops }) => ({ x: () => spaceToBatchND(dy, blockShape as number[], crops as number[][]) }),
  },
  BroadcastTo: { inputs: ['x'], gradient: (dy, [x]) => ({ x: () => sumTo(dy, x!.shape) }) },
  // Through an integer nothing flows back.
  Cast: { inputs: ['x'], gradient: (dy, [x], { dtype }) => ({ x: () => (dtype === 'float32' ? cast(dy, 'float32') : zerosOf(x!)) }) },
  Concat: {
    inputs: 'all',
    gradient: (dy, saved, attributes) => {
      const [axis] = util.parseAxisParam(attributes.axis as number, saved[0]!.shape) as [number];
      let end = 0;
      return saved.map((x) => {
        const offset = end;
        end += x.shape[axis]!;
        return () => cut(dy, axis, offset, x.shape[axis]!);
      });
    },
  },
  ExpandDims: reshaping('input'),
  Identity: { inputs: [], gradient: (dy) => ({ x: () => dy }) },
  MirrorPad: {
    inputs: [],
    gradient: (dy, _, { paddings, mode }) => ({
      x: () =>
        (paddings as [number, number][]).reduce(
          (gradient, borders, axis) => unmirror(gradient, axis, borders, mode === 'reflect' ? 1 : 0),
          dy,
        ),
    }),
  },
  Pack: {
    inputs: 'all',
    gradient: (dy, saved, attributes) => {
      const [axis] = util.parseAxisParam(attributes.axis as number, dy.shape) as [number];
      return saved.map((x, i) => () => reshape(cut(dy, axis, i, 1), x.shape));
    },
  },
  PadV2: {
    inputs: ['x'],
    gradient: (dy, [x], { paddings }) => ({
      x: () =>
        slice(
          dy,
          (paddings as [number, number][]).map(([before]) => before),
          x!.shape,
        ),
    }),
  },
  Reshape: reshaping('x'),
  Reverse: { inputs: [], gradient: (dy, _, { dims }) => ({ x: () => reverse(dy, dims as number[]) }) },
  Select: {
    inputs: ['condition'],
    gradient: (dy, [condition]) => ({
      condition: () => zerosOf(condition!),
      t: () =>
        mul(
          dy,
          constant(() => cast(condition!, 'float32')),
        ),
      e: () =>
        mul(
          dy,
          constant(() => sub(1, cast(condition!, 'float32'))),
        ),
    }),
  },
  Slice: {
    inputs: ['x'],
    gradient: (dy, [x], attributes) => ({
      x: () => {
        const [begin, size] = slice_util.parseSliceParams(x!, attributes.begin as number[], attributes.size as number[]) as [
          number[],
          number[],
        ];
        return pad(
          dy,
          begin.map((start, axis) => [start, x!.shape[axis]! - start - size[axis]!] as [number, number]),
        );
      },
    }),
  },
  SpaceToBatchND: {
    inputs: [],
    gradient: (dy, _, { blockShape, paddings }) => ({ x: () => batchToSpaceND(dy, blockShape as number[], paddings as number[][]) }),
  },
  SplitV: { inputs: [], gradient: (dy, _, { axis }) => ({ x: () => concat(asList(dy), axis as number) }) },
  Tile: { inputs: ['x'], gradient: (dy, [x], { reps }) => ({ x: () => untile(dy, x!.shape, reps as number[]) }) },
  Transpose: {
    inputs: [],
    gradient: (dy, _, { perm }) => ({ x: () => transpose(dy, backend_util.getUndoAxesPermutation(perm as number[])) }),
  },
  Unpack: { inputs: [], gradient: (dy, _, { axis }) => ({ value: () => stack(asList(dy), axis as number) }) },
};
