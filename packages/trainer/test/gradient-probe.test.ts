import '@tensorflow/tfjs-backend-cpu';
import { disposeParams, eager, type hostArray } from '@taskloom/core';
import { adam } from '@taskloom/core/optimizers';
import { mean } from '@taskloom/mtl-loss';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeEach, expect, test } from 'vitest';
import { fit } from '../src/fit';
import { gradientProbe } from '../src/gradient-probe';
import type { FitOptions, HostModel, StepLogs } from '../src/types';
import { toyDataset, toyModel } from './toy';

beforeEach(() => setBackend('cpu'));

const options = (more: Partial<FitOptions>): FitOptions => ({
  model: toyModel(),
  train: toyDataset('train', { both: 60, sides: 40 }),
  optimizer: adam(),
  learningRate: 0.01,
  steps: 6,
  batchSize: 10,
  ...more,
});

async function trained(more: Partial<FitOptions>) {
  const { params, buffers } = await fit(options(more));
  const leaf = (params.shared.kernel as { dataSync(): Float32Array }).dataSync().slice();
  for (const tree of [params, buffers]) disposeParams(tree);
  return leaf;
}

test('looks on the way, changes nothing of the training and leaves no tensor', async () => {
  const plain = await trained({});
  const before = memory().numTensors;
  const probe = gradientProbe({
    model: toyModel(),
    dataset: toyDataset('train', { both: 60, sides: 40 }),
    batchSize: 10,
    every: 3,
    repeats: 2,
  });
  expect(await trained({ callbacks: [probe] })).toEqual(plain);
  expect(memory().numTensors).toBe(before);
  expect(probe.tasks).toEqual(['side', 'value']);
  expect(probe.measurements.map(({ step }) => step)).toEqual([3, 3, 6, 6]);
  for (const { present, losses, gramian, cross, lookahead } of probe.measurements) {
    expect(Array.from(present)).toEqual([1, 1]);
    expect(gramian[1]).toBeCloseTo(gramian[2]!, 5);
    expect(gramian[1]! ** 2).toBeLessThanOrEqual(gramian[0]! * gramian[3]! * 1.0001);
    expect(cross.every(Number.isFinite)).toBe(true);
    // A step for a task takes about a hundredth off its own loss, and the other's moves as the Gramian says.
    for (const i of [0, 1]) {
      const rate = (0.01 * losses[i]!) / gramian[3 * i]!;
      for (const j of [0, 1]) expect(losses[j]! - lookahead[2 * i + j]!).toBeCloseTo(rate * gramian[2 * i + j]!, 2);
      expect(lookahead[3 * i]).toBeLessThan(losses[i]!);
    }
  }
  // Fresh rows and fresh noise each time.
  expect(probe.measurements[0]!.losses).not.toEqual(probe.measurements[1]!.losses);
});

test('of large batches most of the gradient is signal', async () => {
  const dataset = toyDataset('train', { both: 200 });
  const probe = gradientProbe({ model: toyModel(), dataset, batchSize: 100, every: 6, repeats: 3, executor: eager() });
  await trained({ train: dataset, callbacks: [probe] });
  for (const { cross, gramian } of probe.measurements) {
    expect(cross[3]! / gramian[3]!).toBeGreaterThan(0.5);
  }
});

test('callbacks can read the model, and see cosines where the balancer looks at gradients', async () => {
  const logs: StepLogs[] = [];
  let read: HostModel | undefined;
  const watch = {
    async onBatchEnd(_: number, log: StepLogs, readModel: () => Promise<HostModel>) {
      logs.push(log);
      read = await readModel();
    },
  };
  const kernel = await trained({ balancer: mean(), callbacks: [watch] });
  expect((read!.params.shared as { kernel: ReturnType<typeof hostArray> }).kernel.data).toEqual(kernel);
  for (const { cosines, conflict, losses } of logs) {
    if (Object.keys(losses).length < 2) {
      expect([cosines, conflict]).toEqual([undefined, undefined]);
      continue;
    }
    const cosine = cosines!.side!.value!;
    expect(Math.abs(cosine)).toBeLessThanOrEqual(1);
    expect(conflict).toBe(cosine < 0 ? 1 : 0);
  }
  expect(logs.some(({ cosines }) => cosines)).toBe(true);
  logs.length = 0;
  await trained({ callbacks: [watch] });
  expect(logs.every(({ cosines, conflict }) => cosines === undefined && conflict === undefined)).toBe(true);
});
