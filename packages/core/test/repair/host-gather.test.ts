import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { gather, memory, setBackend, tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { random } from '../../src/random';
import { repairGradients } from '../../src/repair-gradients';

it('gathers the same on wasm as on cpu: any axis, batch axes, dtypes', async () => {
  const cases: [number[], number[], number, number][] = [
    [[5, 3], [4], 0, 0],
    [[5, 3], [2, 2], 0, 0],
    [[2, 5, 3], [4], 1, 0],
    [[3, 2, 5], [4], -1, 0],
    [[2, 5, 3], [2, 4], 1, 1],
    [[2, 3, 5, 2], [2, 4], 2, 1],
    [[5], [3], 0, 0],
    [[5, 3], [0], 0, 0],
  ];
  const run = (dtype: 'float32' | 'int32' | 'bool') =>
    cases.map(([shape, ids, axis, batchDims]) => {
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
        dtype === 'bool' ? (i * 7) % 2 : (i * 7) % 4,
      );
      const x = tensor(values, shape, dtype);
      const size = ids.reduce((a, b) => a * b, 1);
      const y = gather(
        x,
        tensor(
          Int32Array.from({ length: size }, (_, i) => (i * 2) % 5),
          ids,
          'int32',
        ),
        axis,
        batchDims,
      );
      return { shape: y.shape, dtype: y.dtype, values: [...y.dataSync()] };
    });
  for (const dtype of ['float32', 'int32', 'bool'] as const) {
    await setBackend('cpu');
    const expected = run(dtype);
    await setBackend('wasm');
    repairGradients();
    expect(run(dtype)).toEqual(expected);
  }
});

it('throws on ids outside, and leaks nothing', async () => {
  await setBackend('wasm');
  repairGradients();
  const x = random('x').uniform([4, 2]);
  const ids = tensor([1, 4], [2], 'int32');
  const before = memory().numTensors;
  expect(() => gather(x, ids)).toThrow(/not in \[0, 3\]/);
  expect(() => gather(x, tensor([-1], [1], 'int32'))).toThrow();
  gather(x, tensor([1], [1], 'int32')).dispose();
  expect(memory().numTensors).toBe(before + 2); // the two ids made here
});
