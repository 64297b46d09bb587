import '@tensorflow/tfjs-backend-cpu';
import { hostArray, hostRandom, random, run } from '@taskloom/core';
import { exportOnnx, openModel } from '@taskloom/onnx';
import { classification, multiTaskModel, transformer } from '@taskloom/shared-encoder';
import { range, setBackend } from '@tensorflow/tfjs-core';

export const precisions = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof precisions)[number];

/** A model file, what it was asked and what onnxruntime-node answered. */
export interface Exported {
  readonly file: string;
  readonly ids: { readonly data: number[]; readonly shape: number[] };
  readonly answers: { readonly [output: string]: number[] };
}

/** A transformer with two heads as an ONNX file (in base64), asked in Node about a batch of a size that it was not traced at. */
export async function exportInNode(precision: Precision): Promise<Exported> {
  await setBackend('cpu');
  const size = 50;
  const labels = (count: number) => Array.from({ length: count }, (_, i) => `label ${i}`);
  const model = multiTaskModel({
    trunk: transformer({ size, width: 32, heads: 4, hidden: 64, blocks: 2, length: 16 }),
    heads: { topic: classification({ inputs: 32, labels: labels(4) }), sentiment: classification({ inputs: 32, labels: labels(3) }) },
  });
  const params = model.init(random('exported'));
  const bytes = exportOnnx(
    ({ ids }) => {
      const index = range(0, ids!.shape[0]!, 1, 'int32');
      return run(model, params, { inputs: { ids: ids! }, tasks: { topic: { index }, sentiment: { index } } }, { training: false }).output;
    },
    {
      inputs: { ids: { shape: [2, 8], dtype: 'int32' } },
      dynamicAxes: { ids: { 0: 'batch', 1: 'time' } },
      maxSizes: { time: 16 },
      precision,
    },
  );
  const shape = [5, 11];
  const ids = Int32Array.from(hostRandom('ids').uniform(55), (u) => Math.floor(u * size));
  const opened = await openModel(bytes);
  const answers = await opened.run({ ids: hostArray(ids, shape) }, ['topic', 'sentiment']);
  await opened.release();
  return {
    file: Buffer.from(bytes).toString('base64'),
    ids: { data: [...ids], shape },
    answers: Object.fromEntries(Object.entries(answers).map(([name, { data }]) => [name, [...data]])),
  };
}
