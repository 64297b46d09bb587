import { add, conv2d, maxPool, reshape, stack, type Tensor, type Tensor4D, unstack, zeros } from '@tensorflow/tfjs-core';
import { type Initializer, initialize } from '../initializers';
import type { Module } from '../module';
import { type Activation, activate } from './activation';
import type { DenseParams } from './dense';
import type { NoParams } from './dropout';
import { assertRows, leading, product } from './task-axis';

export interface Convolution2dOptions {
  /** Channels in. */
  readonly inputs: number;
  readonly filters: number;
  /** Rows and columns that a filter sees; one number for both. */
  readonly size: number | readonly [number, number];
  /** Default 1. */
  readonly stride?: number;
  /** `same` (default) keeps rows and columns at stride 1, `valid` uses no cell outside the image. */
  readonly padding?: 'same' | 'valid';
  readonly activation?: Activation;
  /** Default `glorotUniform`; the bias starts at 0. */
  readonly kernelInitializer?: Initializer;
}

/**
 * Convolution over images (a cross-correlation, as in Keras): `[N, H, W, inputs]` → `[N, H', W', filters]` with `kernel` [height, width, inputs, filters]; outside the image
 * x is 0. Holds under a leading task axis, task by task.
 */
export function convolution2d({
  inputs,
  filters,
  size,
  stride = 1,
  padding = 'same',
  activation,
  kernelInitializer = 'glorotUniform',
}: Convolution2dOptions): Module<Tensor, Tensor, DenseParams> {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  const convolved = (x: Tensor, kernel: Tensor, bias: Tensor): Tensor => {
    if (kernel.rank > 4) {
      const [images, kernels, biases] = [unstack(x), unstack(kernel), unstack(bias)];
      return stack(images.map((image, task) => convolved(image, kernels[task]!, biases[task]!)));
    }
    const [rows, columns] = x.shape.slice(-3, -1) as [number, number];
    const lead = x.shape.slice(0, -3);
    const y = conv2d(reshape(x, [product(lead), rows, columns, inputs]) as Tensor4D, kernel as Tensor4D, stride, padding);
    return add(lead.length === 1 ? y : reshape(y, [...lead, ...y.shape.slice(1)]), bias);
  };
  return {
    config: {
      module: 'convolution2d',
      inputs,
      filters,
      size: [height, width],
      stride,
      padding,
      activation: activation ?? null,
      kernelInitializer,
    },
    init: (random) => ({
      kernel: initialize(kernelInitializer, random.fold('kernel'), [height, width, inputs, filters], {
        fanIn: height * width * inputs,
        fanOut: height * width * filters,
      }),
      bias: zeros([filters]),
    }),
    apply({ kernel, bias }, x) {
      assertRows(x, leading(kernel, 4), [inputs], 'input of convolution2d');
      const y = convolved(x, kernel, bias as Tensor);
      return activation ? activate(activation, y) : y;
    },
  };
}

/** The maximum of each window of size × size cells, windows side by side (or `stride` apart): `[…, H, W, channels]` → `[…, H', W', channels]`; cells that fill no window are left out. */
export function maxPooling2d({
  size,
  stride = size,
}: {
  readonly size: number;
  readonly stride?: number;
}): Module<Tensor, Tensor, NoParams> {
  return {
    config: { module: 'maxPooling2d', size, stride },
    init: () => ({}),
    apply(_, x) {
      const lead = x.shape.slice(0, -3);
      const [rows, columns, channels] = x.shape.slice(-3) as [number, number, number];
      const y = maxPool(reshape(x, [product(lead), rows, columns, channels]) as Tensor4D, size, stride, 'valid');
      return reshape(y, [...lead, ...y.shape.slice(1)]);
    },
  };
}
