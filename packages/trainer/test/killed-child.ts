/** What the test of kills runs as a process of its own: trains (or goes on) in the folder given, says each step, and at the end the digest of all parameters. */
import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { flatten, type GradientBalancer } from '@taskloom/core';
import { folderStore } from '@taskloom/core/node';
import { adam } from '@taskloom/core/optimizers';
import { setBackend } from '@tensorflow/tfjs-core';
import { fit } from '../src/fit';
import { temperature } from '../src/samplers';
import { toyDataset, toyModel } from './toy';

const [folder, steps] = process.argv.slice(2);

/** Divides by the gradient's length smoothed over steps: a state in float64 that must survive. */
const smoothed: GradientBalancer<{ norms: Float64Array }> = {
  kind: 'gradient-balancer',
  name: 'smoothed',
  needs: ['gramian'],
  init: (tasks) => ({ norms: new Float64Array(tasks.length).fill(Number.NaN) }),
  weigh(gramian, { norms }, { tasks }) {
    const next = norms.map((norm, i) => {
      const own = Math.sqrt(gramian[i * tasks.length + i]!);
      return Number.isNaN(norm) ? own : 0.9 * norm + 0.1 * own;
    });
    return { weights: next.map((norm) => 1 / Math.max(norm, 1e-3)), state: { norms: next } };
  },
};

await setBackend('cpu');
const result = await fit({
  model: toyModel({ auxiliary: true }),
  train: toyDataset('train'),
  validation: toyDataset('validation', { both: 20 }),
  optimizer: adam(),
  learningRate: (step) => 0.02 / (1 + step / 100),
  steps: Number(steps),
  batchSize: 8,
  accumulate: 2,
  sampler: temperature(3),
  balancer: smoothed,
  stepsPerEpoch: 25,
  ema: 0.95,
  store: folderStore(folder!),
  checkpointEvery: 3,
  resume: true,
  callbacks: [
    {
      onTrainBegin: ({ startStep }) => void process.stdout.write(`start ${startStep}\n`),
      onBatchEnd: (batch) => void process.stdout.write(`step ${batch}\n`),
    },
  ],
});
const hash = createHash('sha256');
for (const tree of [result.params, result.buffers, result.best!.params]) {
  for (const [path, leaf] of flatten(tree)) hash.update(path).update(new Uint8Array(leaf.dataSync<'float32'>().slice().buffer));
}
process.stdout.write(`digest ${hash.digest('hex')} ${result.best!.step} ${result.history.evaluations.map(({ mean }) => mean).join()}\n`);
