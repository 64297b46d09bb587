import { gelu, run } from '@taskloom/core';
import { layerNorm } from '@taskloom/core/modules';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as node from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { eagerly, expectClose, exported, normal, type Ort, operators, runModel, tensor } from './agree';

const options = { inputs: { x: { shape: [0, 3, 8] } }, dynamicAxes: { x: { 0: 'batch' } } };
const feeds = [1, 4].map((batch) => ({ x: normal(`x${batch}`, batch, 3, 8) }));

test('layer normalisation with scale and offset is one operator', async () => {
  const params = { scale: tensor('scale', 8), offset: tensor('offset', 8) };
  const predict = ({ x }: { readonly [name: string]: Tensor }) => ({ y: run(layerNorm({ width: 8 }), params, x!).output });
  const model = await exported(predict, options);
  expect(operators(model)).toEqual(['LayerNormalization']);
  for (const each of feeds) expectClose(await runModel(node as unknown as Ort, model, each), await eagerly(predict, each));
});

test('GELU is written as engines know it', async () => {
  const predict = ({ x }: { readonly [name: string]: Tensor }) => ({ y: gelu(x!) });
  const model = await exported(predict, options);
  expect(operators(model)).toEqual(['Div', 'Erf', 'Add', 'Mul', 'Mul']);
  for (const each of feeds) expectClose(await runModel(node as unknown as Ort, model, each), await eagerly(predict, each), 1e-6);
});
