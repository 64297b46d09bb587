import '@tensorflow/tfjs-backend-cpu';
import { type HostArray, hostArray, toTensor } from '@taskloom/core';
import { add, mul, ones, setBackend, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { ort } from '../../src/index';
import type { CompileWarning } from '../../src/run/shapes';

beforeAll(async () => void (await setBackend('cpu')));

async function start(onWarning: (warning: CompileWarning) => void, shapes?: number) {
  let traces = 0;
  const step = await ort({ threads: 1, onWarning, shapes }).compile<{ w: Tensor }, { x: Tensor; scale: Tensor }, { sum: Tensor }>(
    ({ w }, { x, scale }) => {
      traces++;
      return { state: { w: add(w, sum(x)) }, outputs: { sum: sum(mul(x, scale)) } };
    },
    { state: tidy(() => ({ w: toTensor(hostArray(Float32Array.of(0), [])) })) },
  );
  const run = async (length: number) => {
    const { sum } = await step({ x: hostArray(new Float32Array(length).fill(1)), scale: hostArray(Float32Array.of(2), []) });
    expect((sum as HostArray).data[0]).toBe(2 * length);
  };
  return { step, run, traces: () => traces };
}

it('one trace a shape; the axis that keeps changing is named, at 4, 8, 16 shapes', async () => {
  const warnings: CompileWarning[] = [];
  const { step, run, traces } = await start((warning) => warnings.push(warning));
  for (const length of [5, 6, 5, 7, 6]) await run(length);
  expect([traces(), warnings]).toEqual([3, []]);
  for (let length = 8; length < 16; length++) await run(length);
  expect(traces()).toBe(11);
  expect(warnings.map(({ code }) => code)).toEqual(['many_shapes', 'many_shapes']);
  expect(warnings[0]!.message).toBe(
    "The step was compiled for 4 shapes: axis 0 of 'x' (5, 6, 7, 8, …) keeps changing. Pad to a few lengths.",
  );
  expect((await step.readState()).w.data[0]).toBe(5 + 6 + 5 + 7 + 6 + 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15);
  step.dispose();
});

it('the shape used longest ago is compiled again', async () => {
  const { step, run, traces } = await start(() => {}, 2);
  for (const length of [1, 2, 1, 3, 1]) await run(length); // 2 made room for 3
  expect(traces()).toBe(3);
  await run(2); // 3 makes room for 2
  await run(1);
  expect(traces()).toBe(4);
  step.dispose();
});

it('a large tensor that the step captured is told of, a small one is not', async () => {
  const warnings: CompileWarning[] = [];
  const [large, small] = tidy(() => [add(ones([600, 1000]), tensor(Float32Array.from({ length: 1000 }, (_, i) => i))), tensor([1, 2])]);
  const step = await ort({ threads: 1, onWarning: (warning) => warnings.push(warning) }).compile<
    { w: Tensor },
    Record<string, never>,
    { sum: Tensor }
  >(({ w }) => ({ state: { w }, outputs: { sum: add(sum(mul(large!, w)), sum(small!)) } }), {
    state: tidy(() => ({ w: toTensor(hostArray(Float32Array.of(2), [])) })),
  });
  await step({});
  expect(warnings).toMatchObject([{ code: 'large_constant', message: expect.stringContaining('[600, 1000] of 2.3 MB') }]);
  step.dispose();
  large!.dispose();
  small!.dispose();
});
