import '@tensorflow/tfjs-backend-cpu';
import { hostArray } from '@taskloom/core';
import { add, mul, reshape, setBackend, sum, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ort } from '../src/index';

test('a captured tensor is the same in a second trace, and as a view of another shape', async () => {
  await setBackend('cpu');
  const w = tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  const flat = reshape(w, [6]);
  const step = await ort({ threads: 1 }).compile(
    (state: Record<string, Tensor>, { x }: { x: Tensor }) => {
      // Other values before the captured one, so that numbers of values differ between traces.
      const y = x.shape[0] === 2 ? add(x, 1) : mul(add(mul(x, 2), 1), 3);
      return { state, outputs: { sum: sum(y), rows: sum(mul(y, w), 1), flat: sum(mul(flat, flat)) } };
    },
    { state: {} },
  );
  const run = (shape: number[]) => step({ x: hostArray(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape) });
  expect([...(await run([2, 3])).rows.data]).toEqual([12, 30]);
  const again = await run([1, 3]);
  expect([...again.rows.data]).toEqual([54, 135]);
  expect([...again.flat.data]).toEqual([91]);
  step.dispose();
});
