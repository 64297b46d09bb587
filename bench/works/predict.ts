import { run } from '@taskloom/core';
import { exportOnnx, openModel, ort } from '@taskloom/onnx';
import { range, type Tensor } from '@tensorflow/tfjs-core';
import { length, trainBatch, trainStep, transformerModel } from './transformer';

/** The transformer's answers to texts, from its parameters. */
function work() {
  const model = transformerModel();
  const { params } = trainStep(1).init();
  const tasks = Object.keys(model.heads);
  const answer = (own: typeof params, ids: Tensor) => {
    const index = range(0, ids.shape[0]!, 1, 'int32');
    return run(model, own, { inputs: { ids }, tasks: Object.fromEntries(tasks.map((task) => [task, { index }])) } as never).output;
  };
  return { params, tasks, answer, ids: trainBatch(1, 0).ids };
}

/** The answer to one text: the exported model, weights as constants. */
export async function predictStep(precision: 'fp32' | 'int8') {
  const { params, tasks, answer, ids } = work();
  const predict = ({ ids: given }: { readonly [name: string]: Tensor }) => answer(params, given!);
  const bytes = exportOnnx(predict as never, { inputs: { ids: { shape: [1, length], dtype: 'int32' } }, precision });
  const opened = await openModel(bytes);
  return { bytes: bytes.length, step: () => opened.run({ ids }, tasks) };
}

/** The same compiled with the weights as state, which a graph gets as inputs. */
export async function predictFromState() {
  const { params, answer, ids } = work();
  const step = (state: { readonly params: typeof params }, given: { readonly ids: Tensor }) => ({
    state,
    outputs: answer(state.params, given.ids),
  });
  const compiled = await ort().compile(step as never, { state: { params } as never });
  return () => compiled({ ids } as never);
}
