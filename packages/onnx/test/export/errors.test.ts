import { hostCall } from '@taskloom/core';
import { add, mul, reshape, slice, sum, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { type ExportOptions, exportOnnx } from '../../src/export/export-onnx';
import { readOnnxMetadata } from '../../src/export/metadata';
import { exported, type Predict } from './agree';

const free: ExportOptions = { inputs: { x: { shape: [0, 0] } }, dynamicAxes: { x: { 0: 'batch', 1: 'time' } } };
const refused = (predict: (inputs: { readonly [name: string]: Tensor }) => unknown, options = free) =>
  expect(exported(predict as Predict, options)).rejects;

describe('functions that cannot be exported', () => {
  test('a loop over a size names the axis', async () => {
    await refused(({ x }) => {
      let y = sum(x!);
      for (let i = 0; i < x!.shape[1]!; i++) y = add(mul(y, 2), 1);
      return { y };
    }).toMatchObject({
      code: 'not_exportable',
      details: { name: 'time' },
      message: expect.stringMatching(/depends on the size of 'time'.*loops/),
    });
  });

  test('a size that is no sum of products names axis and op', async () => {
    await refused(({ x }) => ({ y: reshape(slice(x!, [0, 0], [x!.shape[0]!, Math.floor(Math.sqrt(x!.shape[1]!))]), [-1]) })).toMatchObject({
      code: 'not_exportable',
      details: { name: 'time' },
      message: expect.stringMatching(/Slice has a size that depends on 'time'/),
    });
  });

  test('a number that is none of a size names axis and op', async () => {
    await refused(({ x }) => ({ y: mul(x!, Math.log(x!.shape[1]!)) })).toMatchObject({
      code: 'not_exportable',
      message: expect.stringMatching(/Mul takes a number that depends on 'time'/),
    });
  });

  test('values that depend on a size', async () => {
    await refused(({ x }) => ({ y: mul(sum(x!), tensor1d([Math.log(x!.shape[0]!), 2, 3])) })).toMatchObject({
      code: 'not_exportable',
      message: expect.stringMatching(/Mul takes a constant array \[3\] whose values depend on 'batch'/),
    });
  });

  test('results that depend on a size', async () => {
    await refused(({ x }) => ({ [`y${x!.shape[0]}`]: x! })).toMatchObject({ code: 'not_exportable' });
  });

  test('host computations, reads, random numbers, an error of its own', async () => {
    await refused(({ x }) => ({ y: hostCall([sum(x!)], [[]], ([v]) => [v!])[0]! })).toMatchObject({
      code: 'not_exportable',
      details: { name: 'hostCall' },
    });
    await refused(({ x }) => ({ y: mul(x!, x!.dataSync()[0]!) })).toMatchObject({ code: 'not_traceable' });
    await refused(({ x }) => ({ y: mul(x!, Math.random()) })).toMatchObject({ code: 'not_traceable' });
    await refused(({ x }) => {
      if (x!.shape[1]! > 64) throw new Error('Too long.');
      return { y: x! };
    }).toMatchObject({ code: 'not_exportable', message: expect.stringMatching(/batch = 101, time = \d+: Too long\..*maxSizes/) });
  });
});

describe('options', () => {
  const identity: Predict = ({ x }) => ({ y: add(x!, 1) });
  const fixed = { inputs: { x: { shape: [2, 3] } } };
  test.each<[string, object]>([
    ['no input', { inputs: {} }],
    ['a shape with a hole', { inputs: { x: { shape: [2, -1] } } }],
    ['a fraction', { inputs: { x: { shape: [2.5] } } }],
    ['an unknown type', { inputs: { x: { shape: [2], dtype: 'string' } } }],
    ['an axis that is not there', { ...fixed, dynamicAxes: { x: { 2: 'batch' } } }],
    ['axes of no input', { ...fixed, dynamicAxes: { z: { 0: 'batch' } } }],
    ['an axis without a name', { ...fixed, dynamicAxes: { x: { 0: '' } } }],
    ['a maximum of nothing', { ...fixed, maxSizes: { time: 4 } }],
    ['a maximum too small to learn from', { ...free, maxSizes: { time: 2 } }],
    [
      'too many axes',
      { inputs: { x: { shape: [1, 1, 1, 1, 1, 1, 1] } }, dynamicAxes: { x: { 0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e', 5: 'f', 6: 'g' } } },
    ],
    ['an output that is not there', { ...fixed, outputs: ['z'] }],
    ['an output twice', { ...fixed, outputs: ['y', 'y'] }],

    ['metadata that are not text', { ...fixed, metadata: { size: 4 } }],
    ['metadata with half a character', { ...fixed, metadata: { name: '\uD83D' } }],
    ['metadata without a key', { ...fixed, metadata: { '': 'x' } }],
    ['an unknown precision', { ...fixed, precision: 'int4' }],
  ])('%s', async (_, options) => {
    await expect(exported(identity, options as ExportOptions)).rejects.toMatchObject({ code: 'bad_option' });
  });

  test.each<[string, object, string, RegExp]>([
    ['a misspelt option', { ...fixed, dynamicaxis: { x: { 0: 'batch' } } }, 'dynamicaxis', /Did you mean 'dynamicAxes'\?/],
    ['an option of nobody', { ...fixed, quick: true }, 'quick', /no option 'quick'(?!.*Did you mean)/],
    ['a misspelt type', { inputs: { x: { shape: [2], dType: 'int32' } } }, 'inputs.x.dType', /Did you mean 'inputs\.x\.dtype'\?/],
    ['a file outside Node', { ...fixed, file: 'model.onnx' }, 'file', /@taskloom\/onnx\/node/],
  ])('%s', async (_, options, name, message) => {
    await expect(exported(identity, options as ExportOptions)).rejects.toMatchObject({
      code: 'bad_option',
      details: { name },
      message: expect.stringMatching(message),
    });
  });

  test('a result with the name of an input, and none', async () => {
    await refused(({ x }) => ({ x: add(x!, 1) })).toMatchObject({ code: 'bad_option' });
    await refused(() => ({})).toMatchObject({ code: 'bad_option' });
  });
});

test('metadata of what is no model', async () => {
  const model = await exported(({ x }) => add(x!, 1), { inputs: { x: { shape: [2] } }, metadata: { a: 'b' } });
  expect(readOnnxMetadata(model)).toEqual({ a: 'b' });
  for (let length = 1; length < model.length; length += 7) {
    try {
      readOnnxMetadata(model.subarray(0, length));
    } catch (error) {
      expect(error).toMatchObject({ code: 'file_corrupt' });
    }
  }
  expect(() => readOnnxMetadata(new TextEncoder().encode('no model'))).toThrow(expect.objectContaining({ code: 'file_corrupt' }));
  expect(exportOnnx).toBeTypeOf('function');
});
