import '@tensorflow/tfjs-backend-cpu';
import { expectAllClose, expectGradients, onBackends, sampleTensor } from '@taskloom/testing';
import {
  add,
  getGradient,
  getKernel,
  grad,
  matMul,
  memory,
  mul,
  ones,
  reshape,
  scalar,
  setBackend,
  sum,
  type Tensor,
  type Tensor1D,
  tanh,
  tensor1d,
  tensor2d,
  tidy,
  train,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';
// Registers the stock gradients.
import * as layers from '@tensorflow/tfjs-layers';
import { afterAll, describe, expect, test } from 'vitest';
import { repairGradients } from '../src/index';

describe('over the stock gradients of tfjs-layers', () => {
  const secondOfTanh = () =>
    tidy(() => (grad((x: Tensor) => sum(mul(grad((y: Tensor) => sum(tanh(y)))(x), x)))(scalar(0.7)) as Tensor).dataSync()[0]!);
  const t = Math.tanh(0.7);
  const right = (1 - t * t) * (1 - 2 * 0.7 * t);

  test('the stock second order is wrong, and repaired it is right', () => {
    expect(secondOfTanh()).not.toBeCloseTo(right, 3);
    repairGradients();
    expect(secondOfTanh()).toBeCloseTo(right, 5);
  });

  test('is idempotent, and repairs again what was registered later', () => {
    repairGradients();
    const ours = getGradient('Tanh');
    const kernel = getKernel('UnsortedSegmentSum', 'cpu');
    repairGradients();
    expect(getGradient('Tanh')).toBe(ours);
    expect(getKernel('UnsortedSegmentSum', 'cpu')).toBe(kernel);
  });

  test('costs little where there is nothing to do', () => {
    repairGradients();
    const start = performance.now();
    for (let i = 0; i < 1000; i++) repairGradients();
    expect((performance.now() - start) / 1000).toBeLessThan(1);
  });
});

onBackends(['cpu', 'wasm'], (backend) => {
  test('the segment sum drops what lies outside, and is differentiable', () => {
    tidy(() => {
      repairGradients();
      const ids = tensor1d([1, -1, 1, 5, 0], 'int32') as Tensor1D;
      const x = sampleTensor([5, 2]);
      const rows = x.arraySync() as number[][];
      const sums = unsortedSegmentSum(x, ids, 3).arraySync() as number[][];
      expectAllClose(sums.flat(), [...rows[4]!, rows[0]![0]! + rows[2]![0]!, rows[0]![1]! + rows[2]![1]!, 0, 0]);
      expectGradients((y) => unsortedSegmentSum(mul(y!, y!), ids, 3), [x]);
    });
  });

  test('right sides that share a buffer under two shapes', () => {
    tidy(() => {
      repairGradients();
      // h is a right side as [6, 4], and in the gradient of w as [8, 3].
      const f = (h: Tensor, w: Tensor) => add(sum(matMul(ones([2, 6]), h)), matMul(reshape(h, [8, 3]), w, false, true));
      expectGradients(f as (...inputs: Tensor[]) => Tensor, [sampleTensor([6, 4]), sampleTensor([5, 3], 2)]);
    });
  });

  test('a layers model with embedding, convolution and dense still trains by fit', async () => {
    repairGradients();
    const before = memory().numTensors;
    const model = layers.sequential();
    model.add(
      layers.layers.embedding({
        inputDim: 50,
        outputDim: 8,
        inputLength: 6,
        embeddingsInitializer: layers.initializers.randomNormal({ seed: 1 }),
      }),
    );
    model.add(
      layers.layers.conv1d({
        filters: 8,
        kernelSize: 3,
        activation: 'relu',
        padding: 'same',
        kernelInitializer: layers.initializers.glorotNormal({ seed: 2 }),
      }),
    );
    model.add(layers.layers.globalMaxPooling1d());
    model.add(layers.layers.dense({ units: 2, activation: 'softmax', kernelInitializer: layers.initializers.glorotNormal({ seed: 3 }) }));
    model.compile({ optimizer: train.adam(0.02), loss: 'categoricalCrossentropy' });
    // Is word 7 in the text?
    const texts = Array.from({ length: 64 }, (_, i) =>
      Array.from({ length: 6 }, (_, j) => (i % 2 === 0 && j === i % 6 ? 7 : 10 + ((i * 13 + j * 5) % 40))),
    );
    const x = tensor2d(texts);
    const y = tensor2d(texts.map((text) => (text.includes(7) ? [0, 1] : [1, 0])));
    const history = await model.fit(x, y, { epochs: 20, batchSize: 32, shuffle: false, verbose: 0 });
    const losses = history.history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(0.2 * losses[0]!);
    model.dispose();
    x.dispose();
    y.dispose();
    expect(memory().numTensors - before, backend).toBeLessThan(40); // the optimiser keeps its own state
  });

  afterAll(() => setBackend('cpu'));
});
