import { type HostArray, type HostBatch, hostArray } from '@taskloom/core';
import { expect, test } from 'vitest';
import { fromLosslessJson, toLosslessJson } from '../src';
import { joinBatches } from '../src/join-batches';

const batch = (time: number, first: number): HostBatch => ({
  inputs: {
    ids: hostArray(
      Int32Array.from({ length: 2 * time }, (_, i) => first + i),
      [2, time],
    ),
  },
  tasks: {
    tags: {
      index: hostArray(Int32Array.of(0, 1)),
      target: hostArray(
        Int32Array.from({ length: 2 * time }, (_, i) => i % 3),
        [2, time],
      ),
      weight: hostArray(Float32Array.of(1, 0)),
    },
    pairs: {
      index: hostArray(Int32Array.of(0)),
      pair: hostArray(Int32Array.of(1)),
      target: hostArray(Float32Array.of(first)),
      weight: hostArray(Float32Array.of(1)),
    },
  },
});

test('joins rows, moves indices, pads the shorter batch', () => {
  const { inputs, tasks } = joinBatches([batch(2, 1), batch(3, 10)]);
  const ids = (inputs as unknown as { ids: { shape: number[]; data: Int32Array } }).ids;
  expect(ids.shape).toEqual([4, 3]);
  expect(Array.from(ids.data)).toEqual([1, 2, 0, 3, 4, 0, 10, 11, 12, 13, 14, 15]);
  expect(Array.from(tasks.tags!.index.data)).toEqual([0, 1, 2, 3]);
  expect(Array.from((tasks.tags!.target as unknown as typeof ids).data)).toEqual([0, 1, -1, 2, 0, -1, 0, 1, 2, 0, 1, 2]);
  expect(Array.from(tasks.tags!.weight.data)).toEqual([1, 0, 1, 0]);
  expect(Array.from(tasks.pairs!.index.data)).toEqual([0, 2]);
  expect(Array.from(tasks.pairs!.pair!.data)).toEqual([1, 3]);
  expect(tasks.tags!.pair).toBeUndefined();
  const single = batch(2, 1);
  expect(joinBatches([single])).toBe(single);
});

test('pads in the middle axis of [rows, time, features] too', () => {
  const inputs = (time: number, features: number) => hostArray(new Int32Array(time * features).fill(1), [1, time, features]);
  const joined = joinBatches([
    { inputs: inputs(1, 2), tasks: {} },
    { inputs: inputs(2, 3), tasks: {} },
  ]).inputs as unknown as { shape: number[]; data: Int32Array };
  expect(joined.shape).toEqual([2, 2, 3]);
  expect(Array.from(joined.data)).toEqual([1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
});

test('refuses batches that do not fit', () => {
  const lacking: HostBatch = { ...batch(2, 1), tasks: { tags: batch(2, 1).tasks.tags! } };
  expect(() => joinBatches([batch(2, 1), lacking])).toThrowError(/does not name task 'pairs'/);
  expect(() => joinBatches([])).toThrowError(/no batch/);
});

test('JSON keeps what JSON loses', () => {
  const state = {
    list: [1.1, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 2 ** 53 + 2],
    float64: Float64Array.of(0.1, -0, Number.NaN),
    float32: Float32Array.of(0.1),
    int32: Int32Array.of(-1),
    nothing: undefined,
    null: null,
    nested: { $: 'number', value: 'not a number', deep: [{ $: 1 }] },
  };
  const back = fromLosslessJson(JSON.parse(JSON.stringify(toLosslessJson(state)))) as typeof state;
  expect(back).toStrictEqual(state);
  expect(Object.is(back.list[1], -0)).toBe(true);
  expect(() => toLosslessJson(new Map())).toThrowError(/Map/);
});

test('rows of weight 0 make up a number of rows a task', () => {
  const { inputs, tasks } = joinBatches([batch(2, 1), batch(3, 10)], 3);
  const plain = joinBatches([batch(2, 1), batch(3, 10)]);
  expect(inputs).toEqual(plain.inputs);
  expect(tasks.pairs!.index.shape).toEqual([6]);
  expect([...tasks.pairs!.weight.data]).toEqual([1, 0, 0, 1, 0, 0]);
  expect([...tasks.pairs!.index.data]).toEqual([0, 0, 0, 2, 2, 2]);
  expect([...tasks.pairs!.pair!.data]).toEqual([1, 1, 1, 3, 3, 3]);
  expect([...tasks.tags!.weight.data]).toEqual([1, 0, 0, 1, 0, 0]);
  expect((tasks.tags!.target as HostArray).shape).toEqual([6, 3]);
  // What has labels is where it was.
  const labelled = (part: typeof tasks.pairs) => [...part!.index.data].filter((_, i) => part!.weight.data[i] !== 0);
  for (const task of ['tags', 'pairs']) expect(labelled(tasks[task])).toEqual(labelled(plain.tasks[task]));
});
