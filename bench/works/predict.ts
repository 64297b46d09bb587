import { run } from '@taskloom/core';
import { exportOnnx, openModel } from '@taskloom/onnx';
import { range, type Tensor } from '@tensorflow/tfjs-core';
import { length, trainBatch, trainStep, transformerModel } from './transformer';

/** The transformer's answer to one text: the exported model, weights as constants. */
export async function predictStep(precision: 'fp32' | 'int8') {
  const model = transformerModel();
  const { params } = trainStep(1).init();
  const tasks = Object.keys(model.heads);
  const predict = ({ ids }: { readonly [name: string]: Tensor }) => {
    const index = range(0, ids!.shape[0]!, 1, 'int32');
    return run(model, params, { inputs: { ids: ids! }, tasks: Object.fromEntries(tasks.map((task) => [task, { index }])) } as never).output;
  };
  const bytes = exportOnnx(predict as never, { inputs: { ids: { shape: [1, length], dtype: 'int32' } }, precision });
  const opened = await openModel(bytes);
  const { ids } = trainBatch(1, 0);
  return { bytes: bytes.length, step: () => opened.run({ ids }, tasks) };
}
