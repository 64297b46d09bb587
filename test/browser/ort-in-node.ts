import '@tensorflow/tfjs-backend-cpu';
import { ort } from '@taskloom/onnx';
import { setBackend } from '@tensorflow/tfjs-core';
import { trainCompiled } from './compiled-training';

export async function trainInNode(steps: number) {
  await setBackend('cpu');
  return trainCompiled(ort({ threads: 1 }), steps);
}
