import '@tensorflow/tfjs-backend-cpu';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { disposeParams, flatten, TaskloomError } from '@taskloom/core';
import { folderStore } from '@taskloom/core/node';
import { adam } from '@taskloom/core/optimizers';
import { smallDisk } from '@taskloom/testing';
import { setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fit } from '../src/fit';
import type { FitOptions } from '../src/types';
import { toyDataset, toyModel } from './toy';

const disk = smallDisk(2 * 2 ** 20);
beforeAll(async () => void (await setBackend('cpu')));
afterAll(() => disk?.unmount());
if (!disk) console.log('skipped: training onto a full disk (a tmpfs cannot be mounted here)');

async function bits(options: Partial<FitOptions>): Promise<string> {
  const result = await fit({
    model: toyModel(),
    train: toyDataset('train'),
    optimizer: adam(),
    learningRate: 0.01,
    steps: 12,
    batchSize: 8,
    checkpointEvery: 3,
    ...options,
  });
  const joined = [...flatten(result.params)].map(([path, leaf]) => `${path} ${leaf.dataSync<'float32'>().join()}`).join('\n');
  for (const tree of [result.params, result.buffers]) disposeParams(tree);
  return joined;
}

it.skipIf(!disk)(
  'a disk that fills up while training: the last good checkpoint is there, and the run goes on from it to the same bits',
  async () => {
    const whole = await bits({});
    const store = folderStore(join(disk!.path, 'run'));
    const filler = join(disk!.path, 'filler');
    const fill = (step: number) => {
      if (step !== 7) return;
      for (let size = 2 ** 20; size >= 1; size >>= 1)
        try {
          for (;;) writeFileSync(filler, new Uint8Array(size), { flag: 'a' });
        } catch {}
    };
    const failure = await bits({ store, callbacks: [{ onBatchEnd: fill }] }).catch((error: unknown) => error);
    expect(TaskloomError.isInstance(failure) && failure.code).toBe('store_unwritable');
    expect((failure as TaskloomError).message).toMatch(/untouched/);
    expect((await store.list()).at(-1)).toBe('checkpoint-6');
    rmSync(filler);
    expect(await bits({ store, resume: true })).toBe(whole);
  },
);
