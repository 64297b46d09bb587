import '@tensorflow/tfjs-backend-cpu';
import { type CheckpointStore, flatten, memoryStore, type Params } from '@taskloom/core';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Execution, loadRun, memoryData, type ProgressEvent, resume, train } from '../src/index';
import { tinyConfig, tinyData } from './tiny';

const ort = vi.hoisted(() => ({ installed: true }));
vi.mock('@taskloom/onnx', async (load) => {
  const real = await load<typeof import('@taskloom/onnx')>();
  return { ...real, isInstalled: async () => ort.installed && (await real.isInstalled()) };
});

const config = tinyConfig({ tasks: ['topic', 'products', 'same'], trunk: { kind: 'textCNN', width: 8, widths: [1, 2], dropout: 0.1 } });
const data = tinyData();

beforeAll(async () => {
  enableProdMode();
  await setBackend('cpu');
});

async function parametersIn(store: CheckpointStore): Promise<Map<string, Float32Array>> {
  const run = await loadRun(store);
  try {
    return new Map([...flatten(run.params as unknown as Params)].map(([path, leaf]) => [path, leaf.dataSync() as Float32Array]));
  } finally {
    run.dispose();
  }
}

/** Trains a third on one executor, the rest on another. */
async function trained(first: Execution, second: Execution): Promise<Map<string, Float32Array>> {
  const store = memoryStore();
  const controller = new AbortController();
  await train(config, {
    store,
    data,
    execution: first,
    signal: controller.signal,
    onProgress: (event) => {
      if (event.kind === 'step' && event.step === 4) controller.abort();
    },
  });
  await resume({ store, data, execution: second });
  return parametersIn(store);
}

describe('where steps run', () => {
  it('compiled: the same bits whether interrupted or not', async () => {
    const store = memoryStore();
    const names: string[] = [];
    await train(config, {
      store,
      data,
      execution: 'compiled',
      onProgress: (event) => void (event.kind === 'execution' && names.push(event.name)),
    });
    expect(names).toEqual(['ort']);
    expect(await trained('compiled', 'compiled')).toEqual(await parametersIn(store));
  });

  it('a checkpoint of one executor goes on on another', async () => {
    const eager = await trained('eager', 'eager');
    for (const mixed of [await trained('eager', 'compiled'), await trained('compiled', 'eager')])
      for (const [path, leaf] of eager)
        for (const [i, value] of leaf.entries()) expect(Math.abs(mixed.get(path)![i]! - value)).toBeLessThan(2e-3);
  });

  it('auto takes ONNX Runtime where it is installed', async () => {
    const events: unknown[] = [];
    await train(
      { ...config, training: { ...config.training, steps: 1, evaluateEvery: 1 } },
      { store: memoryStore(), data, onProgress: (event) => void (event.kind === 'execution' && events.push(event)) },
    );
    expect(events).toEqual([{ kind: 'execution', name: 'ort' }]);
  });

  it('auto is eager where it is not, and says what that costs', async () => {
    const events: unknown[] = [];
    ort.installed = false;
    try {
      await train(
        { ...config, training: { ...config.training, steps: 1, evaluateEvery: 1 } },
        { store: memoryStore(), data, onProgress: (event) => void (event.kind === 'execution' && events.push(event)) },
      );
    } finally {
      ort.installed = true;
    }
    expect(events).toEqual([
      { kind: 'execution', name: 'eager', notice: expect.stringMatching(/onnxruntime-node is not installed.*slower.*npm install/) },
    ]);
  });

  it('tells what compiling has to say, but for the few lengths that texts are padded to', async () => {
    const warnings: unknown[] = [];
    const tell = (event: ProgressEvent) => void (event.kind === 'warning' && warnings.push(event));
    await train(config, { store: memoryStore(), data, onProgress: tell });
    expect(warnings).toEqual([]);
    // A shape for every source and length.
    const text = (i: number) => 'lamp '.repeat([8, 16, 32, 48, 64, 96, 128][i % 7]!).trim();
    const rows = Array.from({ length: 21 }, (_, i) => ({ text: text(i), label: String(i % 2) }));
    const names = ['a', 'b', 'c', 'd', 'e'];
    await train(
      {
        features: { kind: 'vocabulary', minimumCount: 1, maxTokens: 128 },
        trunk: { kind: 'textCNN', width: 2, widths: [1] },
        tasks: names.map((name) => ({ name, head: 'classification', data: { train: name } })),
        training: { steps: 70, batchSize: 2, sourcesPerStep: 1 },
      },
      { store: memoryStore(), data: memoryData(Object.fromEntries(names.map((name) => [name, rows]))), onProgress: tell },
    );
    expect(warnings).toEqual([
      {
        kind: 'warning',
        code: 'many_shapes',
        message: expect.stringMatching(/compiled for 32 shapes: axis 1 of 'batches\/0\/inputs\/\w+' \(/),
      },
    ]);
  });

  it('refuses other names', async () => {
    await expect(train(config, { store: memoryStore(), data, execution: 'fast' as Execution })).rejects.toMatchObject({
      code: 'bad_option',
    });
  });
});
