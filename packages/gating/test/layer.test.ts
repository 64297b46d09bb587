import '@tensorflow/tfjs-backend-cpu';
import { asLayer } from '@taskloom/core/layers';
import { dense } from '@taskloom/core/modules';
import { expectAllClose } from '@taskloom/testing';
import { abs, randomNormal, setBackend, type Tensor, train } from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { softGate } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

it('a gate is a layer of a plain tf.model: fitted, saved, loaded', async () => {
  const create = ({ inputs, units }: { inputs: number; units: number }) =>
    softGate({ inputs, experts: { left: dense({ inputs, units }), right: dense({ inputs, units }) }, balance: 0.01 });
  const gate = asLayer({ className: 'TestSoftGate', create, config: { inputs: 1, units: 4 } });
  const model = sequential({ layers: [gate({ inputShape: [1] }), layers.dense({ units: 1 })] });
  model.compile({ optimizer: train.adam(0.05), loss: 'meanSquaredError' });
  const x = randomNormal([64, 1], 0, 1, 'float32', 2);
  const { history } = await model.fit(x, abs(x), { epochs: 40, verbose: 0 });
  expect(history.loss!.at(-1) as number).toBeLessThan((history.loss![0] as number) / 10);

  const before = (model.predict(x) as Tensor).dataSync();
  let saved: unknown;
  await model.save({
    save: async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  const again = await loadLayersModel({ load: async () => saved as never });
  expectAllClose((again.predict(x) as Tensor).dataSync(), before, 1e-6);
});
