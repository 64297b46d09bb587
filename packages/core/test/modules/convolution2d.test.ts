import { expectAllClose, onBackends } from '@taskloom/testing';
import { expect, it } from 'vitest';
import { run } from '../../src/module';
import { convolution2d, maxPooling2d } from '../../src/modules';
import { random } from '../../src/random';
import { moduleLaws } from './laws';

const normal = (shape: number[]) => (seed: number) => random('input').fold(seed).normal(shape);
moduleLaws('convolution2d', { module: convolution2d({ inputs: 2, filters: 3, size: 3, activation: 'tanh' }), input: normal([2, 5, 4, 2]) });
moduleLaws('convolution2d, valid, stride 2', {
  module: convolution2d({ inputs: 2, filters: 3, size: [2, 3], padding: 'valid', stride: 2 }),
  input: normal([2, 5, 6, 2]),
});

onBackends(['cpu', 'wasm'], () => {
  it.each([
    ['same', 3, 1, 1],
    ['valid', 2, 0, 2],
  ] as const)('padding %s, size %i is what its formula says', (padding, size, before, stride) => {
    const params = { kernel: random('k').normal([size, size, 2, 3]), bias: random('b').normal([3]) };
    const x = random('x').normal([2, 4, 4, 2]);
    const y = run(convolution2d({ inputs: 2, filters: 3, size, padding, stride }), params, x).output;
    const side = padding === 'same' ? 4 : 2;
    expect(y.shape).toEqual([2, side, side, 3]);
    const [input, kernel] = [x.arraySync() as number[][][][], params.kernel.arraySync() as number[][][][]];
    const expected = input.flatMap((image) =>
      Array.from({ length: side * side }, (_, at) => [Math.floor(at / side) * stride, (at % side) * stride] as const).flatMap(([r, c]) =>
        Array.from(params.bias.dataSync()).map((offset, f) =>
          kernel.reduce(
            (all, row, i) =>
              row.reduce(
                (sum, taps, j) => taps.reduce((own, tap, k) => own + tap[f]! * (image[r + i - before]?.[c + j - before]?.[k] ?? 0), sum),
                all,
              ),
            offset,
          ),
        ),
      ),
    );
    expectAllClose(y, expected, 1e-5);
  });

  it('pools the maximum of each window, under a task axis too', () => {
    const x = random('x').normal([2, 1, 5, 4, 1]);
    const y = run(maxPooling2d({ size: 2 }), {}, x).output;
    expect(y.shape).toEqual([2, 1, 2, 2, 1]);
    const images = x.arraySync() as number[][][][][];
    const expected = images.flatMap(([image]) =>
      [0, 2].flatMap((r) => [0, 2].map((c) => Math.max(...[r, r + 1].flatMap((i) => [c, c + 1].map((j) => image![i]![j]![0]!))))),
    );
    expectAllClose(y, expected, 1e-6);
  });
});
