import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { test } from 'vitest';
import { expectDerivatives, expectValues, normal } from './derivatives';

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

test('resizeBilinear', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.constantFrom(...alignments), async ({ from, to }, [corners, centres]) => {
      const x = normal('x', [2, ...from, 3]);
      await expectValues(({ x }) => [tf.image.resizeBilinear(x as T4, to, corners, centres)], { x }, 1e-5);
      // The gradient on the cpu backend knows no centres.
      if (!centres) await expectDerivatives(({ x }) => tf.image.resizeBilinear(x as T4, to, corners), { x });
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
