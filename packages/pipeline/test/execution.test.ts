import '@tensorflow/tfjs-backend-cpu';
import { type CheckpointStore, flatten, memoryStore, type Params } from '@taskloom/core';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Execution, loadRun, resume, train } from '../src/index';
import { tinyConfig, tinyData } from './tiny';

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

  it('refuses other names', async () => {
    await expect(train(config, { store: memoryStore(), data, execution: 'fast' as Execution })).rejects.toMatchObject({
      code: 'bad_option',
    });
  });
});
