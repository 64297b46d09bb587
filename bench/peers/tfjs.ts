import { fileURLToPath } from 'node:url';
import { peerProcess } from './process';

const [run, script] = ['../../examples/run.mjs', 'tfjs-peer.ts'].map((file) => fileURLToPath(new URL(file, import.meta.url)));

/** tfjs-peer.ts in a process of its own, since gradients and kernels are registered for a whole process and ours are others. */
export async function tfjsPeer(rate: number) {
  const peer = await peerProcess<object, { times: number[]; losses: number[] }>(process.execPath, [run!, script!, '--rate', `${rate}`]);
  if (!peer) throw new Error('TensorFlow.js did not start.');
  return peer;
}
