import type { OnnxModel } from '@taskloom/onnx';

type Onnx = Pick<typeof import('@taskloom/onnx'), 'exportOnnx' | 'isInstalled' | 'readOnnxMetadata'> & {
  readonly openModel: (model: Uint8Array, options?: { readonly threads?: number }) => Promise<OnnxModel>;
};

/** Not written in the import, so that no bundler for browsers follows it. */
const nodeEntry: string = '@taskloom/onnx';

/** `@taskloom/onnx` where it is run: in Node on onnxruntime-node, elsewhere on onnxruntime-web. */
export async function onnx(): Promise<Onnx> {
  if (typeof process === 'object' && process.versions?.node !== undefined) return (await import(/* @vite-ignore */ nodeEntry)) as Onnx;
  return import('@taskloom/onnx/web');
}
