import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { readInKernel } from '../kernel';
import { eachTap } from './host-convolution';
import { written } from './written';

type Attributes = {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly includeBatchInIndex?: boolean;
};

/** Per output the flat index of the first greatest cell of its window, [batch, height, width, channels]. */
function greatestCells(values: ArrayLike<number>, shape: readonly number[], { filterSize, strides, pad, dimRoundingMode }: Attributes) {
  const pool = backend_util.computePool2DInfo(shape as [number, number, number, number], filterSize, strides, 1, pad, dimRoundingMode);
  const channels = pool.inChannels;
  const cells = new Int32Array(pool.outShape.reduce((a, b) => a * b, 1)).fill(-1);
  eachTap(pool, (pixel, target) => {
    for (let c = 0; c < channels; c++) {
      const [from, to] = [pixel * channels + c, target * channels + c];
      if (cells[to] === -1 || values[from]! > values[cells[to]!]!) cells[to] = from;
    }
  });
  return { cells, outShape: pool.outShape };
}

/** dx: what flows to an output goes to the first greatest cell of its window. */
export const maxPoolInput: KernelFunc = ({ inputs, attrs, backend }) => {
  const { input, dy } = inputs as { input: TensorInfo; dy: TensorInfo };
  const [values, gradient] = [readInKernel(backend, input), readInKernel(backend, dy)];
  const { cells } = greatestCells(values, input.shape, attrs as unknown as Attributes);
  const out = new Float32Array(values.length);
  for (let i = 0; i < cells.length; i++) out[cells[i]!]! += gradient[i]!;
  return written(backend, out, input.shape);
};

/** The maxima and where they are: flat indices, counted from each image's start unless `includeBatchInIndex`. */
export const maxPoolArgmax: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x } = inputs as { x: TensorInfo };
  const attributes = attrs as unknown as Attributes;
  const values = readInKernel(backend, x);
  const { cells, outShape } = greatestCells(values, x.shape, attributes);
  const image = values.length / x.shape[0]!;
  const indexes = attributes.includeBatchInIndex ? cells : cells.map((cell) => cell % image);
  return [
    written(
      backend,
      Float32Array.from(cells, (cell) => values[cell]!),
      outShape,
    ),
    written(backend, indexes, outShape),
  ];
};
