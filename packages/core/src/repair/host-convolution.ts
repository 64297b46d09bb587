import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { readInKernel } from '../kernel';
import { written } from './written';

type Attributes = {
  readonly strides: [number, number] | number;
  readonly dilations?: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: [number, number, number, number];
  readonly inputShape: [number, number, number, number];
};
type Four = [number, number, number, number];

/** Calls `visit` with the offsets [pixel of x, pixel of dy, tap of the filter] of every product of one output pixel and one filter tap. */
export function eachTap(info: backend_util.Conv2DInfo, visit: (x: number, y: number, tap: number) => void): void {
  const {
    batchSize,
    inHeight,
    inWidth,
    outHeight,
    outWidth,
    filterHeight,
    filterWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padInfo,
  } = info;
  for (let b = 0; b < batchSize; b++)
    for (let i = 0; i < outHeight; i++)
      for (let p = 0; p < filterHeight; p++) {
        const row = i * strideHeight - padInfo.top + p * dilationHeight;
        if (row < 0 || row >= inHeight) continue;
        for (let j = 0; j < outWidth; j++)
          for (let q = 0; q < filterWidth; q++) {
            const column = j * strideWidth - padInfo.left + q * dilationWidth;
            if (column < 0 || column >= inWidth) continue;
            visit((b * inHeight + row) * inWidth + column, (b * outHeight + i) * outWidth + j, p * filterWidth + q);
          }
      }
}

const info = (x: readonly number[], a: Attributes, dilations: [number, number] | number, depthwise: boolean) =>
  backend_util.computeConv2DInfo([...x] as Four, a.filterShape, a.strides, dilations, a.pad, a.dimRoundingMode, depthwise);

/** dw[p, q, c, m] = Σ x[b, i·s + p, j·s + q, c] · dy[b, i, j, m], NHWC. */
export const convolutionFilter: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const a = attrs as unknown as Attributes;
  if (a.dataFormat === 'NCHW') throw new Error("Conv2DBackpropFilter on wasm takes the data format 'NHWC'.");
  const [values, gradient] = [readInKernel(backend, x), readInKernel(backend, dy)];
  const [, , channels, filters] = a.filterShape;
  const out = new Float32Array(a.filterShape.reduce((p, q) => p * q, 1));
  eachTap(info(x.shape, a, 1, false), (pixel, target, tap) => {
    for (let c = 0; c < channels; c++) {
      const value = values[pixel * channels + c]!;
      if (value === 0) continue;
      const to = (tap * channels + c) * filters;
      const from = target * filters;
      for (let m = 0; m < filters; m++) out[to + m]! += value * gradient[from + m]!;
    }
  });
  return written(backend, out, a.filterShape);
};

/** dw[p, q, c, m] = Σ x[b, i·s + p·d, j·s + q·d, c] · dy[b, i, j, c·M + m], NHWC. */
export const depthwiseFilter: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const a = attrs as unknown as Attributes;
  const [values, gradient] = [readInKernel(backend, x), readInKernel(backend, dy)];
  const [, , channels, multiplier] = a.filterShape;
  const width = channels * multiplier;
  const out = new Float32Array(a.filterShape.reduce((p, q) => p * q, 1));
  eachTap(info(x.shape, a, a.dilations ?? 1, true), (pixel, target, tap) => {
    for (let k = 0; k < width; k++)
      out[tap * width + k]! += values[pixel * channels + Math.floor(k / multiplier)]! * gradient[target * width + k]!;
  });
  return written(backend, out, a.filterShape);
};

/** dx[b, i·s + p·d, j·s + q·d, c] = Σ w[p, q, c, m] · dy[b, i, j, c·M + m], NHWC. */
export const depthwiseInput: KernelFunc = ({ inputs, attrs, backend }) => {
  const { filter, dy } = inputs as { filter: TensorInfo; dy: TensorInfo };
  const a = { ...(attrs as unknown as Attributes), filterShape: filter.shape as Four };
  const [weights, gradient] = [readInKernel(backend, filter), readInKernel(backend, dy)];
  const [, , channels, multiplier] = a.filterShape;
  const width = channels * multiplier;
  const out = new Float32Array(a.inputShape.reduce((p, q) => p * q, 1));
  eachTap(info(a.inputShape, a, a.dilations ?? 1, true), (pixel, target, tap) => {
    for (let k = 0; k < width; k++)
      out[pixel * channels + Math.floor(k / multiplier)]! += weights[tap * width + k]! * gradient[target * width + k]!;
  });
  return written(backend, out, a.inputShape);
};
