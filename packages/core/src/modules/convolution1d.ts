import { concat, pad, reshape, slice, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { type Initializer, initialize } from '../initializers';
import type { Module } from '../module';
import { type Activation, activate } from './activation';
import { type DenseParams, linear } from './dense';
import { assertRows, leading, product } from './task-axis';

export interface Convolution1dOptions {
  /** Size of the input's last axis. */
  readonly inputs: number;
  readonly filters: number;
  /** Time steps that a filter sees. */
  readonly width: number;
  /** `same` keeps the time axis and centres the filter (of an even one the longer half lies ahead), `causal` keeps it and looks back only, `valid` shortens it by width − 1. Default `same`. */
  readonly padding?: 'same' | 'causal' | 'valid';
  readonly activation?: Activation;
  /** Default `glorotUniform`; the bias starts at 0. */
  readonly kernelInitializer?: Initializer;
}

/**
 * Convolution over time (a cross-correlation, as in Keras): `[N, T, inputs]` → `[N, T', filters]`, y_t = Σ_k x_{t+k−left}·kernel_k + bias with
 * `kernel` [width, inputs, filters]; outside the text x is 0. Computed as one product of the unfolded input, so that it trains on every
 * backend, to any order. Kim 2014, arXiv 1408.5882. Holds under a leading task axis.
 */
export function convolution1d({
  inputs,
  filters,
  width,
  padding = 'same',
  activation,
  kernelInitializer = 'glorotUniform',
}: Convolution1dOptions): Module<Tensor, Tensor, DenseParams> {
  const [left, right] = padding === 'same' ? around(width) : [padding === 'causal' ? width - 1 : 0, 0];
  return {
    config: { module: 'convolution1d', inputs, filters, width, padding, activation: activation ?? null, kernelInitializer },
    init: (random) => ({
      kernel: initialize(kernelInitializer, random.fold('kernel'), [width, inputs, filters], {
        fanIn: width * inputs,
        fanOut: width * filters,
      }),
      bias: zeros([filters]),
    }),
    apply({ kernel, bias }, x) {
      const tasks = leading(kernel, 3);
      assertRows(x, tasks, [inputs], 'input of convolution1d');
      const windows = unfold(x, width, left, right);
      const y = linear(windows, reshape(kernel, [...tasks, width * inputs, filters]), bias);
      return activation ? activate(activation, y) : y;
    },
  };
}

/** The windows of time: [rows…, T, inputs] → [rows…, T + left + right − width + 1, width·inputs]. */
export function unfold(x: Tensor, width: number, left: number, right: number): Tensor {
  const [time, inputs] = x.shape.slice(-2) as [number, number];
  const rows = x.shape.slice(0, -2);
  const flat = reshape(x, [product(rows), time, inputs]);
  const padded =
    left + right === 0
      ? flat
      : pad(flat, [
          [0, 0],
          [left, right],
          [0, 0],
        ]);
  const steps = time + left + right - width + 1;
  const shifted = Array.from({ length: width }, (_, k) => slice(padded, [0, k, 0], [product(rows), steps, inputs]));
  return reshape(width === 1 ? shifted[0]! : concat(shifted, 2), [...rows, steps, width * inputs]);
}

/** What lies before and after the middle of a window; of an even one the longer half lies ahead. */
export function around(width: number): [number, number] {
  const left = Math.floor((width - 1) / 2);
  return [left, width - 1 - left];
}
