import '@tensorflow/tfjs-backend-cpu';
import { hostArray } from '@taskloom/core';
import { setBackend, square, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => vi.restoreAllMocks());

test('two copies of this package, as of its two module formats, compile beside each other and say nothing', async () => {
  await setBackend('cpu');
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const copies = [await import('../../src/index')];
  vi.resetModules();
  copies.push(await import('../../src/index'));
  expect(copies[0]!.ort).not.toBe(copies[1]!.ort);
  for (const { ort } of [...copies, ...copies]) {
    const step = ((state: { w: Tensor }, { x }: { x: Tensor }) => ({ state, outputs: { y: square(x) } })) as never;
    const compiled = await ort({ threads: 1 }).compile(step, { state: { w: tensor1d([1]) } as never });
    const { y } = (await compiled({ x: hostArray(Float32Array.of(2, 3)) } as never)) as never as { y: { data: Float32Array } };
    expect([...y.data]).toEqual([4, 9]);
    compiled.dispose();
  }
  expect(warn.mock.calls.filter(([text]) => /taskloom-trace/.test(String(text)))).toEqual([]);
});
