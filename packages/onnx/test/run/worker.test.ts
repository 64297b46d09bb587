import '@tensorflow/tfjs-backend-cpu';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type HostArray, hostArray, hostCall, toTensor } from '@taskloom/core';
import { add, matMul, setBackend, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ort } from '../../src/index';
import { runtimeOver } from '../../src/run/client';
import { compiling } from '../../src/run/executor';
import { sessionOptions } from '../../src/run/node';
import { startWorker } from '../../src/run/worker';

type State = { w: Tensor };
type Outputs = { sum: Tensor };
const file = (name: string) => new URL(name, import.meta.url).href;
const state = () => tidy(() => ({ w: toTensor(hostArray(Float32Array.of(1, 2))) }));
const lost = { code: 'worker_lost', message: expect.stringMatching(/last checkpoint is good.*resume/) };

beforeAll(async () => void (await setBackend('cpu')));

describe('a worker that ends', () => {
  /** A step with two graphs; `between` happens after the first. */
  async function start(between: (thread: Awaited<ReturnType<typeof startWorker>>['thread']) => void) {
    const worker = await startWorker();
    const executor = compiling('ort', async () => runtimeOver(worker), sessionOptions(1));
    const step = await executor.compile<State, Record<string, never>, Outputs>(
      ({ w }) => {
        const [next] = hostCall([add(w, 1)], [[2]], ([values]) => {
          between(worker.thread);
          return [values!];
        });
        return { state: { w: add(next!, 0) }, outputs: { sum: sum(next!) } };
      },
      { state: state() },
    );
    return { worker, step };
  }

  it('in the middle of a step: that step and all later ones are rejected', async () => {
    let steps = 0;
    const { step } = await start((thread) => void (++steps === 3 && thread.terminate()));
    expect((await step({})).sum.data[0]).toBe(5);
    const { w } = await step.readState(); // the checkpoint
    await step({});
    const calls = [step({}), step({}), step.readState(), step.load({ w })];
    for (const call of calls) await expect(call).rejects.toMatchObject(lost);
    await expect(step({})).rejects.toMatchObject(lost);
    step.dispose();

    const again = await start(() => {});
    await again.step.load({ w });
    expect((await again.step({})).sum.data[0]).toBe(7);
    again.step.dispose();
  });

  it('between steps', async () => {
    const { worker, step } = await start(() => {});
    await step({});
    await worker.thread.terminate();
    await expect(step({})).rejects.toMatchObject(lost);
    step.dispose();
  });

  it.each(['exits', 'throws'])('by itself, in native code that %s', async (how) => {
    const executor = compiling('ort', async () => runtimeOver(await startWorker(file(`./ort-that-${how}.mjs`))), sessionOptions(1));
    const step = await executor.compile<State, Record<string, never>, Outputs>((s) => ({ state: s, outputs: { sum: sum(add(s.w, 1)) } }), {
      state: state(),
    });
    const calls = [step({}), step({})];
    for (const call of calls) await expect(call).rejects.toMatchObject(lost);
    await expect(step({})).rejects.toThrow(how === 'exits' ? 'exit code 3' : 'out of the blue');
    step.dispose();
  });

  it('by dispose: the thread ends after the step that runs', async () => {
    const { worker, step } = await start(() => {});
    const ended = once(worker.thread, 'exit');
    const last = step({});
    await new Promise((resolve) => setTimeout(resolve));
    step.dispose();
    expect(await ended).toEqual([0]);
    expect((await last).sum.data[0]).toBe(5);
  });
});

it('a package that is not installed', async () => {
  await expect(startWorker('onnxruntime-nowhere')).rejects.toMatchObject({ code: 'missing_package' });
});

it('the event loop goes on while a long step runs', async () => {
  const big = (seed: number) =>
    hostArray(
      Float32Array.from({ length: 600 * 600 }, (_, i) => Math.sin(i * seed) / 20),
      [600, 600],
    );
  const step = await ort({ threads: 1, worker: true }).compile<{ w: Tensor }, { x: Tensor }, { sum: Tensor }>(
    ({ w }, { x }) => {
      let y = w;
      for (let i = 0; i < 100; i++) y = matMul(y, x) as Tensor;
      return { state: { w }, outputs: { sum: sum(y) } };
    },
    { state: tidy(() => ({ w: toTensor(big(1)) })) },
  );
  const x = big(2);
  await step({ x });
  let ticks = 0;
  const timer = setInterval(() => void ticks++, 1);
  const began = performance.now();
  const { sum: found } = await step({ x });
  const took = performance.now() - began;
  clearInterval(timer);
  step.dispose();
  expect(Number.isFinite((found as HostArray).data[0])).toBe(true);
  // On the calling thread it would be one.
  expect(took).toBeGreaterThan(20);
  expect(ticks).toBeGreaterThan(5);
});

it.each(['exit', 'end'])('a process that %ss in the middle of a step ends as it wants', async (how) => {
  const root = fileURLToPath(new URL('../../../..', import.meta.url));
  const child = spawn(process.execPath, ['examples/run.mjs', fileURLToPath(new URL('./exit-child.ts', import.meta.url)), how], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void chunks.push(String(chunk)));
  const [code, signal] = await once(child, 'exit');
  const output = chunks.join('');
  expect({ code, signal, running: output.includes('running'), done: output.includes('done') }, output).toEqual(
    how === 'exit' ? { code: 7, signal: null, running: true, done: false } : { code: 0, signal: null, running: true, done: true },
  );
});
