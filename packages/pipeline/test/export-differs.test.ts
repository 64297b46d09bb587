import '@tensorflow/tfjs-backend-cpu';
import { memoryStore, type Tree } from '@taskloom/core';
import { div, enableProdMode, mul, neg, onesLike, setBackend, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { onnx } from '../src/export/onnx';
import { exportRun, train } from '../src/index';
import { type TinyConfig, tinyConfig, tinyData, tinyTasks } from './tiny';

type Outputs = { readonly [task: string]: { readonly [name: string]: Tensor } };

/** What becomes of a model's results before they are written. */
const tampering = vi.hoisted(() => ({ with: (outputs: unknown): unknown => outputs }));
vi.mock('../src/export/onnx', async (load) => {
  const real = await (await load<{ onnx: typeof onnx }>()).onnx();
  return {
    onnx: async () => ({
      ...real,
      exportOnnx: ((predict, options) =>
        real.exportOnnx((inputs) => tampering.with(predict(inputs)) as Tree<Tensor>, options)) as typeof real.exportOnnx,
    }),
  };
});

const data = tinyData();
const chain = { ...tinyTasks.products, crf: true };

beforeAll(async () => {
  enableProdMode();
  await setBackend('cpu');
});
beforeEach(() => {
  tampering.with = (outputs) => outputs;
});

/** A run, and its export with results of one task changed. */
async function exported(config: TinyConfig, task: string, change: (own: Outputs[string]) => Outputs[string], precision: 'fp32' | 'fp16') {
  const store = memoryStore();
  const full = tinyConfig({ trunk: { kind: 'textCNN', width: 8, widths: [1, 2] }, ...config, training: { steps: 12 } });
  await train(full, { store, data, execution: 'eager' });
  tampering.with = (outputs) => ({ ...(outputs as Outputs), [task]: tidy(() => change((outputs as Outputs)[task]!)) });
  return exportRun(store, { data, precisions: [precision] });
}

it.each<[string, TinyConfig, string, (own: Outputs[string]) => Outputs[string]]>([
  ['a chain with other tags', { tasks: ['topic', chain] }, 'products', (own) => ({ ...own, emissions: neg(own.emissions!) })],
  ['no number', { tasks: ['topic', 'hurry'] }, 'hurry', (own) => ({ value: div(mul(own.value!, 0), 0) })],
  [
    'other labels under the same probabilities',
    { tasks: ['topic', 'flags'] },
    'topic',
    (own) => ({ ...own, label: sub(mul(onesLike(own.label!), 2), own.label!) }),
  ],
  ['numbers that are off', { tasks: ['topic', 'hurry'] }, 'hurry', (own) => ({ value: mul(own.value!, 1.01) })],
])('refuses an fp32 model with %s', async (_, config, task, change) => {
  await expect(exported(config, task, change, 'fp32')).rejects.toMatchObject({
    code: 'export_differs',
    details: { name: 'model.onnx' },
    message: expect.stringContaining(`'${task}'`),
  });
});

it('tells of a lower precision how far it is, and leaves the choice', async () => {
  const { models } = await exported({ tasks: ['topic', chain] }, 'products', (own) => ({ ...own, emissions: neg(own.emissions!) }), 'fp16');
  expect(models[0]!.agreement!.same).toBeLessThan(0.9);
});

it('takes an fp32 model whose numbers differ by rounding', async () => {
  const { models } = await exported({ tasks: ['topic', 'hurry'] }, 'hurry', (own) => ({ value: mul(own.value!, 1 + 1e-5) }), 'fp32');
  expect(models[0]!.agreement!.largest).toBeGreaterThan(1e-6);
});
