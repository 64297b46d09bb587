import { type OnnxModel, openOn } from './model';
import { nodeRuntime, type OrtOptions, sessionOptions } from './node';
import { checkOptions } from './options';

/** Opens an ONNX model, by its bytes or the path of its file, on onnxruntime-node. Throws `missing_package`, `file_corrupt`, `bad_option`. */
export async function openModel(model: Uint8Array | string, options: Pick<OrtOptions, 'threads'> = {}): Promise<OnnxModel> {
  checkOptions(options, ['threads']);
  // A model is one session, whatever the shapes: what it keeps in its arena, it needs again. Without, large batches are a matter of page faults.
  return openOn(await nodeRuntime(false), model, { ...sessionOptions(options.threads ?? 'auto'), enableCpuMemArena: true });
}
