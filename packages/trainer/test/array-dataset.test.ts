import { hostArray } from '@taskloom/core';
import { expect, test } from 'vitest';
import { arrayDataset } from '../src/array-dataset';

const floats = (values: number[], shape?: number[]) => hostArray(Float32Array.from(values), shape);
const dataset = arrayDataset({
  both: {
    inputs: { values: floats([1, 2, 3, 4, 5, 6], [3, 2]) },
    tasks: {
      a: { target: hostArray(Int32Array.of(7, 8, 9)), weight: Float32Array.of(1, 0, 2) },
      b: { target: floats([1, 2, 3, 4, 5, 6], [3, 2]) },
    },
  },
  one: { inputs: { values: floats([7, 8], [1, 2]) }, tasks: { a: { target: hostArray(Int32Array.of(6)) } } },
});

test('gathers rows, pads with weight 0', () => {
  expect(dataset.sources).toEqual([
    { name: 'both', size: 3, tasks: ['a', 'b'] },
    { name: 'one', size: 1, tasks: ['a'] },
  ]);
  const batch = dataset.batch('both', Int32Array.of(2, 0), 3);
  expect(batch.inputs).toEqual({ values: floats([5, 6, 1, 2, 0, 0], [3, 2]) });
  const index = hostArray(Int32Array.of(0, 1, 2));
  expect(batch.tasks.a).toEqual({ index, target: hostArray(Int32Array.of(9, 7, 0)), weight: floats([2, 1, 0]) });
  expect(batch.tasks.b).toEqual({ index, target: floats([5, 6, 1, 2, 0, 0], [3, 2]), weight: floats([1, 1, 0]) });
});

test('names the tasks a source lacks, without labels', () => {
  const { b } = dataset.batch('one', Int32Array.of(0), 2).tasks;
  expect(b).toMatchObject({ target: floats([0, 0, 0, 0], [2, 2]), weight: floats([0, 0]) });
});

test('refuses targets of another length', () => {
  expect(() => arrayDataset({ x: { inputs: floats([1, 2]), tasks: { t: { target: floats([1]) } } } })).toThrowError(/'t'.*Expected 2/);
});
