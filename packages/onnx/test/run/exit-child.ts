/** A process whose step runs in a worker for a second or so, and which exits meanwhile, or ends when its work is done, without dispose. */
import '@tensorflow/tfjs-backend-cpu';
import { hostArray, toTensor } from '@taskloom/core';
import { matMul, setBackend, sum, type Tensor } from '@tensorflow/tfjs-core';
import { ort } from '../../src/index';

await setBackend('cpu');
const step = await ort({ threads: 1, worker: true }).compile<{ w: Tensor }, Record<string, never>, { sum: Tensor }>(
  ({ w }) => {
    let y = w;
    for (let i = 0; i < 100; i++) y = matMul(y, w) as Tensor;
    return { state: { w }, outputs: { sum: sum(y) } };
  },
  { state: { w: toTensor(hostArray(new Float32Array(800 * 800).fill(1e-3), [800, 800])) } },
);
const work = step({}).then(() => console.log('done'));
setTimeout(() => {
  console.log('running');
  if (process.argv.at(-1) === 'exit') process.exit(7);
}, 300);
if (process.argv.at(-1) === 'exit') await work;
