import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { test } from 'vitest';
import { expectDerivatives, expectValues, insteadOnCpu, normal } from './derivatives';

type T4 = tf.Tensor4D;

const sizes = fc.record({
  from: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
  to: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
});
// Corners on corners, centres on centres, or neither.
const alignments = [
  [false, false],
  [true, false],
  [false, true],
] as const;

/** One axis after the other, by its definition: the gradient on the cpu backend knows no centres. */
function interpolated(x: tf.Tensor, axis: number, to: number, corners: boolean, centres: boolean): tf.Tensor {
  const from = x.shape[axis]!;
  const ratio = corners && to > 1 ? (from - 1) / (to - 1) : from / to;
  const at = Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.max(0, centres ? ratio * (i + 0.5) - 0.5 : ratio * i)));
  const taken = (index: (position: number) => number) => tf.gather(x, tf.tensor1d(at.map(index), 'int32'), axis);
  const shape = x.shape.map((_, i) => (i === axis ? to : 1));
  const weight = tf.tensor(
    at.map((position) => position - Math.floor(position)),
    shape,
  );
  return tf.add(tf.mul(taken(Math.floor), tf.sub(1, weight)), tf.mul(taken(Math.ceil), weight));
}

test('resizeBilinear', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.constantFrom(...alignments), async ({ from, to }, [corners, centres]) => {
      const x = normal('x', [2, ...from, 3]);
      await expectValues(({ x }) => [tf.image.resizeBilinear(x as T4, to, corners, centres)], { x }, 1e-5);
      await expectDerivatives(
        ({ x }) =>
          insteadOnCpu(
            () => interpolated(interpolated(x!, 1, to[0], corners, centres), 2, to[1], corners, centres),
            () => tf.image.resizeBilinear(x as T4, to, corners, centres),
          ),
        { x },
      );
    }),
    { numRuns: 25, seed: 1 },
  );
});

test('resizeNearestNeighbor', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.constantFrom(...alignments), async ({ from, to }, [corners, centres]) => {
      await expectValues(({ x }) => [tf.image.resizeNearestNeighbor(x as T4, to, corners, centres)], { x: normal('x', [2, ...from, 3]) });
    }),
    { numRuns: 25, seed: 1 },
  );
});
