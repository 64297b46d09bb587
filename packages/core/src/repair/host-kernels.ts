import {
  getBackend,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { readInKernel } from '../kernel';
import { convolutionFilter, depthwiseFilter, depthwiseInput } from './host-convolution';
import { gatherSlices } from './host-gather';
import { maxPoolArgmax, maxPoolInput } from './host-pooling';
import { written } from './written';

/** out[s] = Σ of the rows x[i] with segmentIds[i] = s; ids outside [0, numSegments) are dropped. O(rows), where the cpu backend's own takes O(rows · segments). */
const segmentSum: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const segments = (attrs as unknown as { numSegments: number }).numSegments;
  const ids = readInKernel(backend, segmentIds);
  const rows = readInKernel(backend, x);
  const width = ids.length === 0 ? 0 : rows.length / ids.length;
  const shape = [segments, ...x.shape.slice(segmentIds.shape.length)];
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id < 0 || id >= segments) continue;
    const to = id * width;
    const from = i * width;
    for (let j = 0; j < width; j++) out[to + j]! += rows[from + j]!;
  }
  return written(backend, out, shape);
};

/** The kernels that gradients need and a backend lacks, or has in a form too slow to use. */
const kernels: { readonly [backend: string]: { readonly [kernel: string]: KernelFunc } } = {
  cpu: { UnsortedSegmentSum: segmentSum },
  wasm: {
    GatherV2: gatherSlices,
    UnsortedSegmentSum: segmentSum,
    Conv2DBackpropFilter: convolutionFilter,
    DepthwiseConv2dNativeBackpropFilter: depthwiseFilter,
    DepthwiseConv2dNativeBackpropInput: depthwiseInput,
    // The backend's own are wrong where a window reaches over the border.
    MaxPoolGrad: maxPoolInput,
    MaxPoolWithArgmax: maxPoolArgmax,
  },
};

/** Gives the active backend the kernels it lacks. */
export function completeKernels(): void {
  const backendName = getBackend();
  for (const [kernelName, kernelFunc] of Object.entries(kernels[backendName] ?? {})) {
    const present: KernelConfig | undefined = getKernel(kernelName, backendName);
    if (present?.kernelFunc === kernelFunc) continue;
    if (present) unregisterKernel(kernelName, backendName);
    registerKernel({ kernelName, backendName, kernelFunc });
  }
}
