import '@tensorflow/tfjs-backend-cpu';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type HostArray, hostArray, hostCall, toTensor } from '@taskloom/core';
import { add, matMul, setBackend, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ort } from '../../src/index';
import { runtimeOver } from '../../src/run/client';
import { compiling } from '../../src/run/executor';
import { nodeRuntime, sessionOptions } from '../../src/run/node';
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

describe('the event loop, while a long step runs', () => {
  const big = (seed: number, size = 600) =>
    hostArray(
      Float32Array.from({ length: size * size }, (_, i) => Math.sin(i * seed) / 20),
      [size, size],
    );
  const products = ({ w }: { w: Tensor }, { x }: { x: Tensor }) => {
    let y = w;
    for (let i = 0; i < 100; i++) y = matMul(y, x) as Tensor;
    return { state: { w }, outputs: { sum: sum(y) } };
  };
  const initial = (size?: number) => tidy(() => ({ w: toTensor(big(1, size)) }));

  it('goes on: a timer of 1 ms ticks meanwhile', async () => {
    const step = await ort({ worker: true }).compile<{ w: Tensor }, { x: Tensor }, { sum: Tensor }>(products, { state: initial() });
    const x = big(2);
    await step({ x });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const result = await step({ x });
    clearInterval(timer);
    step.dispose();
    expect(Number.isFinite((result.sum as HostArray).data[0])).toBe(true);
    // On the calling thread there would be one at most. How late they come depends on what else the machine does: `bench/onnx-worker.ts` measures it.
    expect(ticks).toBeGreaterThan(10);
  });

  it('has a core: of steps with work to share, not of others, nor where a number is given', async () => {
    const asked: unknown[] = [];
    const compile = async (size: number, options: ReturnType<typeof sessionOptions>) => {
      const start = async () => {
        const runtime = await nodeRuntime(true);
        const load: typeof runtime.load = (model, session) => {
          asked.push(session.intraOpNumThreads);
          return runtime.load(model, session);
        };
        return { ...runtime, load };
      };
      const step = await compiling('ort', start, options).compile(products, { state: initial(size) });
      await step({ x: big(2, size) });
      step.dispose();
    };
    await compile(600, sessionOptions('auto'));
    await compile(20, sessionOptions('auto'));
    await compile(600, sessionOptions(2));
    expect(asked).toEqual([Math.max(1, availableParallelism() - 1), 1, 2]);
  });
});

it.each(['exit', 'end'])('a process that %ss in the middle of a step ends as it wants', async (how) => {
  const root = fileURLToPath(new URL('../../../..', import.meta.url));
  const child = spawn(process.execPath, ['examples/run.mjs', fileURLToPath(new URL('./exit-child.ts', import.meta.url)), how], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void chunks.push(String(chunk)));
  // Its last words may come after its end.
  const [code, signal] = await once(child, 'close');
  const output = chunks.join('');
  expect({ code, signal, running: output.includes('running'), done: output.includes('done') }, output).toEqual(
    how === 'exit' ? { code: 7, signal: null, running: true, done: false } : { code: 0, signal: null, running: true, done: true },
  );
});
