import '@tensorflow/tfjs-backend-cpu';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostArray, hostArray, toTensor } from '@taskloom/core';
import { add, matMul, relu, setBackend, sum, type Tensor, tanh, tidy } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ort } from '../../src/index';
import { cached } from '../../src/run/cache';
import type { LoadedModel, Runtime, SessionOptions } from '../../src/run/runtime';
import type { CompileWarning } from '../../src/run/shapes';

const data = (length: number, seed: number) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i));
let folder: string;
beforeAll(async () => void (await setBackend('cpu')));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-cache-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
/** Those of a kind: what became of traces ('step-cache'), what ONNX Runtime made of models ('onnx-cache'). */
const filesOf = async (kind: string, of = folder) =>
  (await readdir(of)).filter((name) => name.endsWith(kind)).map((name) => join(of, name));
const file = async (kind = 'onnx-cache', of = folder) => (await filesOf(kind, of))[0]!;

describe.each([false, true])('with ONNX Runtime, in a worker: %s', (worker) => {
  const warnings: CompileWarning[] = [];

  /** Two steps: all that they give. */
  async function train(cache: string | undefined, activate = tanh) {
    const step = await ort({ threads: 1, worker, cache, onWarning: (warning) => warnings.push(warning) }).compile<
      { w: Tensor },
      { x: Tensor },
      { sum: Tensor }
    >(
      ({ w }, { x }) => {
        const y = activate(matMul(x, w)) as Tensor;
        return { state: { w: add(w, matMul(x, y, true)) }, outputs: { sum: sum(y) } };
      },
      { state: tidy(() => ({ w: toTensor(hostArray(data(9, 0), [3, 3])) })) },
    );
    const x = hostArray(data(6, 1), [2, 3]);
    const sums = [await step({ x }), await step({ x })].map((outputs) => (outputs.sum as HostArray).data[0]!);
    const { w } = await step.readState();
    step.dispose();
    return [...sums, ...w.data];
  }

  it('the same numbers without, into and out of the cache; two files a graph', async () => {
    const wanted = await train(undefined);
    const made = join(folder, 'made');
    expect(await train(made)).toEqual(wanted);
    const files = await readdir(made);
    expect(files).toHaveLength(2);
    const bytes = await Promise.all(files.map((name) => readFile(join(made, name))));
    expect(await train(made)).toEqual(wanted);
    await train(made, relu);
    expect(await readdir(made)).toHaveLength(4);
    expect(await Promise.all(files.map((name) => readFile(join(made, name))))).toEqual(bytes);
    expect(warnings).toEqual([]);
  });

  it.each(['onnx-cache', 'step-cache'])('files that are cut, changed or of another graph are replaced: %s', async (kind) => {
    const wanted = await train(folder);
    const path = await file(kind);
    const good = await readFile(path);
    const other = join(folder, 'other');
    await train(other, relu);
    const foreign = await readFile(await file(kind, other));
    const changed = Buffer.from(good);
    changed[changed.length - 20]! ^= 4;
    for (const bad of [
      good.subarray(0, good.length - 1),
      good.subarray(0, 10),
      Buffer.alloc(0),
      changed,
      foreign,
      Buffer.from('?'.repeat(500)),
    ]) {
      await writeFile(path, bad);
      expect(await train(folder)).toEqual(wanted);
      expect(await readFile(path)).toEqual(good);
    }
    expect(warnings).toEqual([]);
  });

  it('a folder that cannot be written: a warning, and the step runs', async () => {
    const taken = join(folder, 'taken');
    await writeFile(taken, 'a file');
    expect(await train(taken)).toEqual(await train(undefined));
    expect(warnings.splice(0)).toMatchObject([{ code: 'cache_unwritable', message: expect.stringContaining(taken) }]);
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('which model is loaded', () => {
  /** Says what it was asked to load; writes an optimised model as ONNX Runtime does. */
  function fake({ version = '1', refuses = (text: string): boolean => text === '' } = {}) {
    const loads: string[] = [];
    const runtime = {
      name: 'fake',
      version,
      async load(model: Uint8Array, { optimizedModelFilePath, graphOptimizationLevel }: SessionOptions) {
        const text = Buffer.from(model).toString();
        loads.push(`${text} ${graphOptimizationLevel}`);
        if (refuses(text)) throw new Error(`no ${text}`);
        if (optimizedModelFilePath) await writeFile(optimizedModelFilePath as string, `better ${text}`);
        return {} as LoadedModel;
      },
    } as unknown as Runtime;
    return {
      loads,
      load: (text: string, options: SessionOptions = { graphOptimizationLevel: 'all' }) =>
        cached(runtime, folder).load(Uint8Array.from(Buffer.from(text)), options),
    };
  }

  it('the optimised one from the second time on, as it is', async () => {
    const { loads, load } = fake();
    await load('a');
    await load('a');
    await load('b');
    expect(loads).toEqual(['a all', 'better a disabled', 'b all']);
  });

  it('not that of another version or other options', async () => {
    await fake().load('a');
    const { loads, load } = fake({ version: '2' });
    await load('a');
    await load('a', { graphOptimizationLevel: 'all', threads: 2 });
    expect(loads).toEqual(['a all', 'a all']);
    expect(await readdir(folder)).toHaveLength(3);
  });

  it('the original where the runtime refuses the optimised one', async () => {
    await fake().load('a');
    const { loads, load } = fake({ refuses: (text) => text.startsWith('better') });
    await load('a');
    expect(loads).toEqual(['better a disabled', 'a all']);
  });

  it('none where the runtime refuses the original, and nothing is left', async () => {
    await expect(fake({ refuses: () => true }).load('a')).rejects.toThrow('no a');
    expect(await readdir(folder)).toEqual([]);
  });

  it('not a file under another name', async () => {
    await fake().load('a');
    const a = await file();
    await fake().load('b');
    const b = (await readdir(folder)).map((name) => join(folder, name)).find((path) => path !== a)!;
    await copyFile(a, b);
    const { loads, load } = fake();
    await load('b');
    expect(loads).toEqual(['b all']);
  });
});
