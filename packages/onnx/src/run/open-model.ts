import { type OnnxModel, openOn } from './model';
import { nodeRuntime, type OrtOptions, sessionOptions } from './node';

/** Opens an ONNX model, by its bytes or the path of its file, on onnxruntime-node. Throws `missing_package`, `file_corrupt`. */
export async function openModel(model: Uint8Array | string, { threads = 'auto' }: Pick<OrtOptions, 'threads'> = {}): Promise<OnnxModel> {
  return openOn(await nodeRuntime(false), model, sessionOptions(threads));
}
