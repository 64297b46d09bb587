import { expectAllClose, onBackends } from '@taskloom/testing';
import { expect, it } from 'vitest';
import { run } from '../../src/module';
import { convolution1d } from '../../src/modules';
import { random } from '../../src/random';

onBackends(['cpu', 'wasm'], () => {
  it.each([
    ['same', 3, 1, 5],
    ['same', 4, 1, 5],
    ['same', 1, 0, 5],
    ['causal', 3, 2, 5],
    ['valid', 2, 0, 4],
  ] as const)('padding %s, width %i: looks %i back, over %i steps', (padding, width, left, steps) => {
    const params = { kernel: random('k').normal([width, 2, 3]), bias: random('b').normal([3]) };
    const x = random('x').normal([2, 5, 2]);
    const y = run(convolution1d({ inputs: 2, filters: 3, width, padding }), params, x).output;
    expect(y.shape).toEqual([2, steps, 3]);
    const [input, kernel, bias] = [
      x.arraySync() as number[][][],
      params.kernel.arraySync() as number[][][],
      params.bias.arraySync() as number[],
    ];
    const expected = input.flatMap((text) =>
      Array.from({ length: steps }, (_, t) =>
        bias.map((offset, f) =>
          kernel.reduce(
            (total, taps, k) => total + taps.reduce((sum, tap, i) => sum + tap[f]! * (text[t + k - left]?.[i] ?? 0), 0),
            offset,
          ),
        ),
      ),
    );
    expectAllClose(y, expected.flat(2), 1e-5);
  });
});
