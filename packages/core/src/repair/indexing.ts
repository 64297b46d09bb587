import {
  add,
  cast,
  equal,
  expandDims,
  gather,
  gatherND,
  maximum,
  minimum,
  mul,
  oneHot,
  reshape,
  scalar,
  scatterND,
  sum,
  type Tensor,
  type Tensor1D,
  tensor2d,
  transpose,
  unsortedSegmentSum,
  util,
} from '@tensorflow/tfjs-core';
import { constant, type Rules, zerosOf } from './rule';

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/** The transpose of `gather(x, indices, axis, batchDims)`: rows of `dy` summed where the indices took them from. */
function ungather(dy: Tensor, shape: readonly number[], indices: Tensor, axis: number, batchDims: number): Tensor {
  const batch = shape.slice(0, batchDims);
  const outer = shape.slice(batchDims, axis);
  const inner = shape.slice(axis + 1);
  const taken = product(indices.shape.slice(batchDims));
  const [batches, size] = [product(batch), shape[axis]!];
  // [batch, outer, taken, inner] → [batch · taken, outer · inner]
  const moved = product(outer) > 1;
  const rows = moved ? transpose(reshape(dy, [batches, product(outer), taken, product(inner)]), [0, 2, 1, 3]) : dy;
  const segments = constant(() => {
    const flat = reshape(indices, [batches, taken]);
    return reshape(
      batches > 1
        ? add(
            flat,
            tensor2d(
              Int32Array.from({ length: batches }, (_, i) => i * size),
              [batches, 1],
              'int32',
            ),
          )
        : flat,
      [-1],
    );
  });
  const summed = unsortedSegmentSum(
    reshape(rows, [batches * taken, product(outer) * product(inner)]),
    cast(segments, 'int32') as Tensor1D,
    batches * size,
  );
  if (!moved) return reshape(summed, [...shape]);
  return reshape(transpose(reshape(summed, [batches, size, product(outer), product(inner)]), [0, 2, 1, 3]), [...shape]);
}

/** Rows of `dy` by segment; an id outside [0, segments) was dropped and gets zeros. */
function gatherSegments(dy: Tensor, segmentIds: Tensor): Tensor {
  const last = dy.shape[0]! - 1;
  const inside = constant(() => minimum(maximum(segmentIds, scalar(0, 'int32')), scalar(last, 'int32')));
  const kept = constant(() => {
    const mask = cast(equal(segmentIds, inside), 'float32');
    return reshape(mask, [...segmentIds.shape, ...Array<number>(dy.rank - 1).fill(1)]);
  });
  return mul(gather(dy, inside as Tensor1D), kept);
}

export const indexingRules: Rules = {
  GatherNd: {
    inputs: ['params', 'indices'],
    gradient: (dy, [params, indices]) => ({
      params: () => scatterND(indices!, dy, params!.shape),
      indices: () => zerosOf(indices!),
    }),
  },
  GatherV2: {
    inputs: ['x', 'indices'],
    gradient: (dy, [x, indices], attributes) => ({
      x: () => {
        const [axis] = util.parseAxisParam(attributes.axis as number, x!.shape) as [number];
        return ungather(dy, x!.shape, indices!, axis, (attributes.batchDims as number | undefined) ?? 0);
      },
      indices: () => zerosOf(indices!),
    }),
  },
  ScatterNd: {
    inputs: ['indices'],
    gradient: (dy, [indices]) => ({ updates: () => gatherND(dy, indices!), indices: () => zerosOf(indices!) }),
  },
  TopK: {
    inputs: ['x'],
    outputs: [false, true],
    gradient: (dys, [x, indices]) => ({
      x: () => {
        const [dy] = dys as unknown as [Tensor, Tensor];
        const taken = constant(() => cast(oneHot(indices as Tensor1D, x!.shape[x!.rank - 1]!), 'float32'));
        return sum(mul(taken, expandDims(dy, -1)), -2);
      },
    }),
  },
  UnsortedSegmentSum: {
    inputs: ['segmentIds'],
    gradient: (dy, [segmentIds]) => ({ x: () => gatherSegments(dy, segmentIds!), segmentIds: () => zerosOf(segmentIds!) }),
  },
};
