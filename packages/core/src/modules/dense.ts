import { add, matMul, reshape, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { type Initializer, initialize } from '../initializers';
import type { Module } from '../module';
import { type Activation, activate } from './activation';
import { assertRows, leading, perRow, product } from './task-axis';

/** `kernel` [inputs, units], `bias` [units]. */
export type DenseParams = { readonly kernel: Tensor; readonly bias: Tensor };

export interface DenseOptions {
  readonly units: number;
  /** Size of the input's last axis. */
  readonly inputs: number;
  /** Default: none. */
  readonly activation?: Activation;
  /** Default true; without it the tree has no `bias`. */
  readonly bias?: boolean;
  /** Default `glorotUniform`; the bias starts at 0. */
  readonly kernelInitializer?: Initializer;
}

/** y = activation(x·kernel + bias): `[…, inputs]` → `[…, units]`, float32. Holds under a leading task axis. */
export function dense(options: DenseOptions & { readonly bias: false }): Module<Tensor, Tensor, Pick<DenseParams, 'kernel'>>;
export function dense(options: DenseOptions): Module<Tensor, Tensor, DenseParams>;
export function dense({
  units,
  inputs,
  activation,
  bias = true,
  kernelInitializer = 'glorotUniform',
}: DenseOptions): Module<Tensor, Tensor, DenseParams> {
  return {
    config: { module: 'dense', units, inputs, activation: activation ?? null, bias, kernelInitializer },
    init(random) {
      const kernel = initialize(kernelInitializer, random.fold('kernel'), [inputs, units], { fanIn: inputs, fanOut: units });
      return (bias ? { kernel, bias: zeros([units]) } : { kernel }) as DenseParams;
    },
    apply(params, x) {
      assertRows(x, leading(params.kernel, 2), [inputs], 'input of dense');
      const y = linear(x, params.kernel, bias ? params.bias : undefined);
      return activation ? activate(activation, y) : y;
    },
  };
}

/** x·kernel + bias over the last axis; `x` [tasks…, rows…, inputs], `kernel` [tasks…, inputs, units], `bias` [tasks…, units]. */
export function linear(x: Tensor, kernel: Tensor, bias?: Tensor): Tensor {
  const tasks = leading(kernel, 2);
  const [inputs, units] = kernel.shape.slice(-2) as [number, number];
  const rows = x.shape.slice(tasks.length, -1);
  const flat = x.rank === kernel.rank ? x : reshape(x, [...tasks, product(rows), inputs]);
  const mapped = matMul(flat, kernel);
  const sum = bias ? add(mapped, perRow(bias, 1, mapped.rank)) : mapped;
  return x.rank === kernel.rank ? sum : reshape(sum, [...tasks, ...rows, units]);
}
