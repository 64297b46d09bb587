import '@tensorflow/tfjs-backend-cpu';
import { disposeParams } from '@taskloom/core';
import { adam } from '@taskloom/core/optimizers';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { fit } from '../src/fit';
import { toyDataset, toyModel } from './toy';

test('2,000 steps hold no more tensors and bytes than the first', async () => {
  await setBackend('cpu');
  const before = memory();
  const counts = new Set<string>();
  const { params, buffers } = await fit({
    model: toyModel(),
    train: toyDataset('train'),
    optimizer: adam(),
    learningRate: 0.01,
    steps: 2000,
    batchSize: 4,
    stepsPerEpoch: 500,
    callbacks: [{ onBatchEnd: () => void counts.add(`${memory().numTensors} ${memory().numBytes}`) }],
  });
  expect(counts.size).toBe(1);
  disposeParams(params);
  disposeParams(buffers);
  expect(memory().numTensors).toBe(before.numTensors);
  expect(memory().numDataBuffers).toBe(before.numDataBuffers);
}, 240_000);
