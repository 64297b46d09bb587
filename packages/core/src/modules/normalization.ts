import { add, customGrad, type GradSaveFunc, mean, mul, ones, rsqrt, square, sub, type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { Module } from '../module';
import { assertRows, leading, perRow } from './task-axis';

/** `scale` [width], `offset` [width]. */
export type LayerNormParams = { readonly scale: Tensor; readonly offset: Tensor };
/** `scale` [width]. */
export type RmsNormParams = { readonly scale: Tensor };

export interface NormOptions {
  /** Size of the last axis, the one that is normalised. */
  readonly width: number;
  /** Added to the variance. */
  readonly epsilon?: number;
}

/**
 * y = (x − μ)/√(σ² + ε)·scale + offset, with μ and σ² (population) over the last axis: `[…, width]` → same shape. ε defaults to 1e-5.
 * Ba, Kiros & Hinton 2016, arXiv 1607.06450. Holds under a leading task axis.
 */
export function layerNorm({ width, epsilon = 1e-5 }: NormOptions): Module<Tensor, Tensor, LayerNormParams> {
  return {
    config: { module: 'layerNorm', width, epsilon },
    init: () => ({ scale: ones([width]), offset: zeros([width]) }),
    apply({ scale, offset }, x) {
      assertRows(x, leading(scale, 1), [width], 'input of layerNorm');
      const normed = standardize(x, epsilon);
      return add(mul(normed, perRow(scale, 1, x.rank)), perRow(offset, 1, x.rank));
    },
  };
}

/** (x − μ)/√(σ² + ε) over the last axis, with a gradient of its own: ∂x = (dy − mean(dy) − y·mean(dy·y))/√(σ² + ε), half as many passes as the chain rule's. */
function standardize(x: Tensor, epsilon: number): Tensor {
  return customGrad((...given) => {
    const [input, save] = given as unknown as [Tensor, GradSaveFunc];
    save([input]);
    const gradFunc = (dy: Tensor, [saved]: Tensor[]) => {
      const { normed, scale } = moments(saved!, epsilon);
      const along = mul(normed, mean(mul(dy, normed), -1, true));
      return mul(sub(sub(dy, mean(dy, -1, true)), along), scale);
    };
    return { value: moments(input, epsilon).normed, gradFunc };
  })(x);
}

function moments(x: Tensor, epsilon: number): { normed: Tensor; scale: Tensor } {
  const centred = sub(x, mean(x, -1, true));
  const scale = rsqrt(add(mean(square(centred), -1, true), epsilon));
  return { normed: mul(centred, scale), scale };
}

/**
 * y = x/√(mean(x²) + ε)·scale over the last axis: `[…, width]` → same shape. ε defaults to 1e-6.
 * Zhang & Sennrich 2019, arXiv 1910.07467. Holds under a leading task axis.
 */
export function rmsNorm({ width, epsilon = 1e-6 }: NormOptions): Module<Tensor, Tensor, RmsNormParams> {
  return {
    config: { module: 'rmsNorm', width, epsilon },
    init: () => ({ scale: ones([width]) }),
    apply({ scale }, x) {
      assertRows(x, leading(scale, 1), [width], 'input of rmsNorm');
      return mul(mul(x, rsqrt(add(mean(square(x), -1, true), epsilon))), perRow(scale, 1, x.rank));
    },
  };
}
