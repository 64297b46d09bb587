import '@tensorflow/tfjs-backend-cpu';
import { type HostArray, hostArray, toTensor } from '@taskloom/core';
import { add, mul, ones, setBackend, sum, type Tensor, tensor, tidy, variable } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
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

it('of many axes that change, those that change most are named', async () => {
  const warnings: CompileWarning[] = [];
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const step = await ort({ threads: 1, onWarning: (warning) => warnings.push(warning) }).compile<
    Record<string, never>,
    { [name: string]: Tensor },
    { sum: Tensor }
  >((_, inputs) => ({ state: {}, outputs: { sum: sum(inputs.f!) } }), { state: {} });
  for (const length of [1, 2, 3, 4])
    await step(
      Object.fromEntries(names.map((name) => [name, hostArray(new Float32Array(name === 'f' ? length : 1 + (length % 2)).fill(1))])),
    );
  step.dispose();
  const message = /^The step was compiled for 4 shapes: axis 0 of 'f' \(1, 2, 3, 4, …\); .*'a' \(2, 1, …\); .*; 2 more keeps changing/;
  expect(warnings).toEqual([{ code: 'many_shapes', message: expect.stringMatching(message), shapes: 4 }]);
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

describe('a constant above 1 MB is told of, by name', () => {
  type Inputs = { x: Tensor };
  const values = Float32Array.from({ length: 600_000 }, (_, i) => i % 1000);

  /** What is said of a step that uses what `body` gives, for `lengths` of its input. */
  async function warningsOf(body: (w: Tensor) => Tensor, lengths = [1]): Promise<CompileWarning[]> {
    const warnings: CompileWarning[] = [];
    const step = await ort({ threads: 1, onWarning: (warning) => warnings.push(warning) }).compile<{ w: Tensor }, Inputs, { sum: Tensor }>(
      ({ w }, { x }) => ({ state: { w }, outputs: { sum: add(sum(body(w)), sum(x)) } }),
      { state: tidy(() => ({ w: toTensor(hostArray(Float32Array.of(2), [])) })) },
    );
    for (const length of lengths) await step({ x: hostArray(new Float32Array(length)) });
    step.dispose();
    return warnings;
  }
  const told = (...texts: readonly string[]) => [
    { code: 'large_constant', message: expect.stringMatching(new RegExp(texts.map((text) => text.replace(/[[\].]/g, '\\$&')).join('.*'))) },
  ];

  it('a captured tensor, by the line that uses it, in every step that is compiled; once for all shapes', async () => {
    const large = tensor(values, [600, 1000]);
    const use = (w: Tensor) => mul(large, w);
    expect(await warningsOf(use, [1, 2, 3])).toMatchObject(told('[600, 1000] of 2.3 MB', 'shapes.test.ts:'));
    expect(await warningsOf(use)).toMatchObject(told('[600, 1000] of 2.3 MB', 'shapes.test.ts:'));
    large.dispose();
  });

  it('a captured variable, by its name', async () => {
    const table = variable(tensor(values, [600, 1000]), true, 'embedding/table');
    expect(await warningsOf((w) => mul(table, w))).toMatchObject(told("the variable 'embedding/table'", 'shapes.test.ts:'));
    table.dispose();
  });

  it('a tensor that the step makes of numbers, by the line', async () => {
    expect(await warningsOf((w) => mul(tensor(values, [1000, 600]), w), [1, 2])).toMatchObject(
      told('[1000, 600] of 2.3 MB', 'shapes.test.ts:'),
    );
  });

  it('nothing is said of small ones, of one number throughout, and of what no result needs', async () => {
    const [small, same, unused] = [tensor([1, 2]), ones([600, 1000]), tensor(values)];
    const body = (w: Tensor) => {
      mul(unused, w);
      return add(mul(same, w), sum(small));
    };
    expect(await warningsOf(body)).toEqual([]);
    for (const each of [small, same, unused]) each.dispose();
  });
});
