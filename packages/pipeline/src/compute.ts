import {
  type Branch,
  type HostArray,
  hostArray,
  type MultiTaskModel,
  type MultiTaskParams,
  mapTree,
  type Params,
  readTree,
  run,
  toTensor,
} from '@taskloom/core';
import { type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { type InputShape, paddedLength, padInputs } from './features';
import type { Compute } from './predictor';

export interface ModelParts {
  readonly shape: InputShape;
  readonly model: MultiTaskModel;
  readonly params: MultiTaskParams;
  readonly buffers: Params;
}

/** Predictions of a model on the current TensorFlow.js backend. */
export function computeEagerly({ shape, model, params, buffers }: ModelParts): Compute {
  return async (tasks, texts, pair) => {
    const count = pair ? texts.length / 2 : texts.length;
    const time = paddedLength(texts.reduce((longest, text) => Math.max(longest, text.length), 1));
    const predictions = tidy(() => {
      const inputs = mapTree(padInputs(shape, texts, texts.length, time), (leaf) => toTensor(leaf)) as Branch<Tensor>;
      const index = toTensor(hostArray(Int32Array.from({ length: count }, (_, i) => i))) as Tensor1D;
      const partner = toTensor(hostArray(Int32Array.from({ length: count }, (_, i) => i + count))) as Tensor1D;
      const rows = Object.fromEntries(tasks.map((task) => [task.name, pair ? { index, pair: partner } : { index }]));
      const { output } = run(model, params, { inputs, tasks: rows }, { buffers });
      return Object.fromEntries(tasks.map((task) => [task.name, model.heads[task.name]!.predict(output[task.name]!)])) as Branch<Tensor>;
    });
    const host = (await readTree(predictions)) as { readonly [task: string]: Branch<HostArray> };
    mapTree(predictions, (leaf) => (leaf as Tensor).dispose());
    return host;
  };
}
