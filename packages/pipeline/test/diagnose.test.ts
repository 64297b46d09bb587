import '@tensorflow/tfjs-backend-cpu';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeEach, expect, it } from 'vitest';
import { diagnose, type ProgressEvent } from '../src/index';
import { tinyConfig, tinyData } from './tiny';

beforeEach(() => setBackend('cpu'));

it('diagnoses the tasks of a config, and leaves nothing behind', async () => {
  const before = memory().numTensors;
  const events: ProgressEvent[] = [];
  const { diagnosis, steps, interrupted } = await diagnose(tinyConfig({ tasks: ['topic', 'mood', 'same'] }), {
    data: tinyData(),
    looks: 4,
    repeats: 2,
    execution: 'eager',
    onProgress: (event) => void events.push(event),
  });
  expect({ steps, interrupted, measurements: diagnosis!.measurements }).toEqual({ steps: 12, interrupted: false, measurements: 8 });
  expect(diagnosis!.tasks.map(({ task }) => task)).toEqual(['topic', 'mood', 'same']);
  // 'same' has rows of its own, and is measured together with the others all the same.
  expect(diagnosis!.cosine[0]![2]!.count).toBe(8);
  expect(diagnosis!.conflict.steps.map(({ step }) => step)).toEqual([3, 6, 9, 12]);
  expect(diagnosis!.verdicts.length).toBeGreaterThan(0);
  expect(events.filter(({ kind }) => kind === 'step')).toHaveLength(12);
  expect(memory().numTensors).toBe(before);
});

it('says what it has seen when it is stopped', async () => {
  const stop = new AbortController();
  const onProgress = (event: ProgressEvent) => void (event.kind === 'step' && event.step === 7 && stop.abort());
  const run = (signal: AbortSignal) =>
    diagnose(tinyConfig({}), { data: tinyData(), looks: 4, repeats: 1, execution: 'eager', onProgress, signal });
  const { diagnosis, interrupted, steps } = await run(stop.signal);
  expect([interrupted, steps, diagnosis!.measurements]).toEqual([true, 7, 2]);
  expect((await run(AbortSignal.abort())).diagnosis).toBeUndefined();
});

it('measures the same when compiled', async () => {
  const run = (execution: 'eager' | 'compiled') => diagnose(tinyConfig({}), { data: tinyData(), looks: 2, repeats: 1, execution });
  const [eager, compiled] = [(await run('eager')).diagnosis!, (await run('compiled')).diagnosis!];
  for (const i of [0, 1, 2]) {
    expect(compiled.tasks[i]!.norm.mean).toBeCloseTo(eager.tasks[i]!.norm.mean, 3);
    for (const j of [0, 1, 2]) expect(compiled.affinity![i]![j]!.mean).toBeCloseTo(eager.affinity![i]![j]!.mean, 3);
  }
});
