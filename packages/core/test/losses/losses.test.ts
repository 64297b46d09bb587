import { expectAllClose, expectGradients, expectTensors, expectTraceable, onBackends, sampleTensor } from '@taskloom/testing';
import { reshape, setBackend, slice, sum, tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients';
import {
  coral,
  coralLabels,
  coralLogits,
  coralProbabilities,
  crossEntropy,
  crossEntropyRows,
  huber,
  squaredError,
  taggingCrossEntropy,
  weightedMean,
} from '../../src/losses';
import { repairGradients } from '../../src/repair-gradients';
import { ints, losses } from './table';

beforeAll(async () => {
  await setBackend('cpu');
  repairGradients();
});

onBackends(['cpu', 'wasm'], (backend) => {
  describe.each(Object.entries(losses))('%s', (_, [loss, shape, rows]) => {
    it('has first and second derivatives that agree with differences', () => {
      expectGradients((x) => loss(x, sampleTensor([rows], 4, 0.2, 1)), [sampleTensor(shape, 2, -1, 1)]);
    });

    it('has the value it has on cpu', async () => {
      const value = () => tidy(() => loss(sampleTensor(shape), sampleTensor([rows], 4, 0.2, 1)).dataSync()[0]!);
      const here = value();
      await setBackend('cpu');
      const there = value();
      await setBackend(backend);
      expect(Math.abs(here - there)).toBeLessThan(1e-5);
      expect(here).toBeGreaterThan(0.01);
    });

    it('is 0 with zero gradient where all weights are 0', () => {
      tidy(() => {
        const { value, gradients } = valueAndGradients((p) => loss(p.x, tensor(new Float32Array(rows))), { x: sampleTensor(shape) });
        expect(value.dataSync()[0]).toBe(0);
        expectAllClose(gradients.x, tensor(new Float32Array(gradients.x.size), shape as [number]), 0);
      });
    });

    it('is finite, with a finite gradient, for x of ±1e4', () => {
      tidy(() => {
        for (const scale of [1e4, -1e4]) {
          const x = tensor(
            Float32Array.from({ length: sampleTensor(shape).size }, (__, i) => (i % 2 ? scale : -scale)),
            shape as [number],
          );
          const { value, gradients } = valueAndGradients((p) => loss(p.x, tensor(new Float32Array(rows).fill(1))), { x });
          for (const number of [...value.dataSync(), ...gradients.x.dataSync()]) expect(Number.isFinite(number)).toBe(true);
        }
      });
    });

    it('leaves out a row of weight 0', () => {
      tidy(() => {
        const weight = Float32Array.from({ length: rows }, (__, i) => (i === 0 ? 0 : 1));
        const { gradients } = valueAndGradients((p) => loss(p.x, tensor(weight)), { x: sampleTensor(shape) });
        const row = gradients.x.size / rows;
        expect([...gradients.x.dataSync().slice(0, row)].map(Math.abs)).toEqual(new Array(row).fill(0));
      });
    });
  });
});

describe('losses', () => {
  it.each(Object.entries(losses))('%s is traceable and leaves one tensor', async (_, [loss, shape, rows]) => {
    await setBackend('cpu');
    await expectTraceable(() => loss(sampleTensor(shape), sampleTensor([rows], 4, 0.2, 1)));
    const [x, weight] = [sampleTensor(shape), sampleTensor([rows], 4, 0.2, 1)];
    // The targets and class weights are made by the closures above, hence the tidy.
    expectTensors(() => tidy(() => loss(x, weight)), 1);
  });

  it('cross-entropy weighs classes in the divisor, and ignores rows', () => {
    const x = tensor([
      [1, 2],
      [3, 1],
      [0, 0],
    ]);
    const rows = crossEntropyRows(x, ints([0, 1, -1]), { classWeights: [1, 3], ignore: -1 }).dataSync();
    expectAllClose(rows, [Math.log(1 + Math.E), 3 * Math.log(1 + Math.exp(2)), 0]);
    expectAllClose(crossEntropy(x, ints([0, 1, -1]), { classWeights: [1, 3], ignore: -1 }).dataSync(), [(rows[0]! + rows[1]!) / 4]);
  });

  it('tagging cross-entropy is the mean over labelled tokens', () => {
    const logits = sampleTensor([2, 2, 3]);
    const rows = crossEntropyRows(reshape(logits, [4, 3]), ints([1, 0, 2, 0])).dataSync();
    expectAllClose(taggingCrossEntropy(logits, ints([1, -1, 2, 0], [2, 2])).dataSync(), [(rows[0]! + rows[2]! + rows[3]!) / 3]);
  });

  it('CORAL gives probabilities that sum to 1 and ranks that follow the score', () => {
    const logits = coralLogits(tensor([-3, 0, 3]), tensor([1, 0, -1]));
    const p = coralProbabilities(logits);
    expect(p.shape).toEqual([3, 4]);
    expectAllClose(sum(p, -1), tensor([1, 1, 1]));
    const s = (x: number) => 1 / (1 + Math.exp(-x));
    expectAllClose(slice(p, [1, 0], [1, 4]).dataSync(), [1 - s(1), s(1) - s(0), s(0) - s(-1), s(-1)]);
    expect([...coralLabels(logits).dataSync()]).toEqual([0, 1, 3]);
    expectAllClose(sum(coralProbabilities(tensor([[0, 2]])), -1), tensor([1]));
    expectAllClose(coralProbabilities(tensor([[0.5]])).dataSync(), [1 - s(0.5), s(0.5)]);
  });

  it('weightedMean is the plain mean without weights', () => {
    expect(weightedMean(tensor([1, 2, 6])).dataSync()[0]).toBe(3);
    expect(weightedMean(tensor([1, 2, 6]), tensor([0, 1, 1])).dataSync()[0]).toBe(4);
  });

  it('names what does not fit', () => {
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(() => weightedMean(tensor([1, 2]), tensor([1]))).toThrow(code('shape_mismatch'));
    expect(() => squaredError(tensor([1, 2]), tensor([1]))).toThrow(code('shape_mismatch'));
    expect(() => crossEntropy(tensor([[1, 2]]), ints([[0]] as unknown as number[], [1, 1, 1]))).toThrow(code('shape_mismatch'));
    expect(() => crossEntropy(tensor([[1, 2]]), ints([0]), { classWeights: [1] })).toThrow(code('shape_mismatch'));
    expect(() => crossEntropy(tensor([[1, 2]]), ints([0]), { labelSmoothing: 1 })).toThrow(code('bad_option'));
    expect(() => coral(tensor([[1, 2]]), ints([0, 1]))).toThrow(code('shape_mismatch'));
    expect(() => huber(tensor([1]), tensor([1]), { delta: 0 })).toThrow(code('bad_option'));
  });
});
