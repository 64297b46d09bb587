import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostArray, hostArray, hostCall, toTensor } from '@taskloom/core';
import { add, matMul, mul, setBackend, sum, type Tensor, tanh, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ort } from '../../src/index';

let folder: string;
beforeAll(async () => void (await setBackend('cpu')));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-programs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const wave = (seed: number, ...shape: number[]) =>
  hostArray(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + i)),
    shape,
  );

/** Steps at two shapes with a host call in the middle, two small leaves that are packed, and a captured array: all that they give. */
async function train({ cache, factor = 2, offsets = [1, 2, 3] }: { cache?: string; factor?: number; offsets?: number[] }) {
  const state = tidy(() => ({ a: toTensor(wave(0, 3, 3)), b: toTensor(wave(1, 3, 3)) }));
  const offset = tensor1d(offsets);
  const compiled = await ort({ threads: 1, cache }).compile<{ a: Tensor; b: Tensor }, { x: Tensor }, { sum: Tensor; share: Tensor }>(
    ({ a, b }, { x }) => {
      const y = tanh(add(matMul(x, matMul(a, b)), offset)) as Tensor;
      const [share] = hostCall([sum(y, 0)], [[3]], ([sums]) => [sums!.map((value) => factor * value)]);
      const update = (leaf: Tensor) => add(leaf, mul(0.1, share!)) as Tensor;
      return { state: { a: update(a), b: update(b) }, outputs: { sum: sum(y), share: share! } };
    },
    { state },
  );
  const given: number[] = [];
  for (const x of [wave(2, 2, 3), wave(3, 5, 3), wave(4, 2, 3)])
    for (const output of Object.values(await compiled({ x }))) given.push(...(output as HostArray).data);
  const { a, b } = await compiled.readState();
  compiled.dispose();
  offset.dispose();
  return [...given, ...a.data, ...b.data];
}

it('steps at several shapes go on as they were', async () => {
  const wanted = await train({});
  expect(await train({ cache: folder })).toEqual(wanted);
  const files = (await readdir(folder)).sort();
  expect(files.filter((name) => name.endsWith('step-cache'))).toHaveLength(2);
  expect(await train({ cache: folder })).toEqual(wanted);
  expect((await readdir(folder)).sort()).toEqual(files);
});

it("a host call is today's, not the one that was kept", async () => {
  await train({ cache: folder });
  const files = await readdir(folder);
  expect(await train({ cache: folder, factor: 3 })).toEqual(await train({ factor: 3 }));
  expect(await readdir(folder)).toHaveLength(files.length);
});

it('a step that captured other numbers is another step', async () => {
  const long = [0.5, 0.25, 0.125];
  await train({ cache: folder });
  expect(await train({ cache: folder, offsets: long })).toEqual(await train({ offsets: long }));
});
