import { type HostArray, hostArray, hostRandom } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ort } from '../../src/index';
import { expectParity } from '../parity';
import { expectDerivatives, expectValues, normal } from './derivatives';

type T4 = tf.Tensor4D;

const runs = { numRuns: 60, seed: 1 };

/** Windows side by side and overlapping; 9 channels take the way without transposes. */
const geometry = fc
  .record({
    height: fc.integer({ min: 3, max: 9 }),
    width: fc.integer({ min: 3, max: 9 }),
    window: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.option(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))),
    pad: fc.constantFrom('valid' as const, 'same' as const),
    channels: fc.constantFrom(1, 3, 9),
  })
  .map((given) => ({ ...given, strides: given.strides ?? given.window }));
type Geometry = typeof geometry extends fc.Arbitrary<infer G> ? G : never;

const shapeOf = ({ height, width, channels }: Geometry) => [2, height, width, channels];

/** Small integers: nearly every window has several maxima. */
function tied(shape: readonly number[], levels: number): HostArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return hostArray(
    Float32Array.from(hostRandom('ties').uniform(size), (u) => Math.floor(u * levels)),
    shape,
  );
}

test('maxPool', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, async (given) => {
      const { window, strides, pad } = given;
      await expectDerivatives(({ x }) => tf.maxPool(x as T4, window, strides, pad), { x: normal('x', shapeOf(given)) });
    }),
    runs,
  );
});

test('maxPool takes the first of equal maxima, as on blank images', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, fc.constantFrom(1, 2, 3), async (given, levels) => {
      const { window, strides, pad } = given;
      await expectDerivatives(({ x }) => tf.maxPool(x as T4, window, strides, pad), { x: tied(shapeOf(given), levels) });
    }),
    runs,
  );
});

test('maxPool after a ReLU: windows without a positive element pass nothing back, and ties are as without', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, fc.constantFrom(1, 2, 3, 5), async (given, levels) => {
      const { window, strides, pad } = given;
      const x = tied(shapeOf(given), levels);
      const around = { ...x, data: (x.data as Float32Array).map((value) => value - Math.floor(levels / 2)) };
      await expectDerivatives(({ x }) => tf.maxPool(tf.relu(x as T4), window, strides, pad), { x: around });
    }),
    runs,
  );
});

test('the gradient with respect to what a ReLU gives is not masked', async () => {
  const x = { ...tied([2, 6, 6, 9], 3) };
  const step = (state: { x: tf.Tensor }) => {
    const rectified = tf.relu(tf.sub(state.x, 1)) as T4;
    const pooled = (h: T4) => tf.sum(tf.square(tf.maxPool(tf.add(h, 0) as T4, 2, 2, 'valid'))) as tf.Scalar;
    const flow = tf.grad(pooled as never)(rectified);
    const direct = tf.grad(((h: T4) => tf.sum(tf.maxPool(h, 2, 2, 'valid'))) as never)(rectified);
    return { state, outputs: { flow, direct } };
  };
  await expectParity(step as never, { x }, [{}]);
});

test('avgPool', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, async (given) => {
      const { window, strides, pad } = given;
      await expectDerivatives(({ x }) => tf.avgPool(x as T4, window, strides, pad), { x: normal('x', shapeOf(given)) });
    }),
    runs,
  );
});

test('pools whose padding and rounding are given', async () => {
  const given = { x: normal('x', [2, 7, 6, 9]) };
  for (const pool of [tf.maxPool<T4>, tf.avgPool<T4>]) {
    // Only this rounding has second derivatives.
    await expectDerivatives(({ x }) => pool(x as T4, 3, 2, 1, 'floor'), given);
    for (const rounding of ['floor', 'ceil', 'round'] as const)
      await expectValues(({ x }) => [pool(x as T4, 3, 2, 0, rounding), pool(x as T4, [3, 2], 2, 1, rounding)], given, 1e-6);
  }
});

test('a window without cells is refused', async () => {
  const step = (state: { x: T4 }) => ({ state, outputs: { y: tf.maxPool(state.x, 2, 2, 1, 'ceil') } });
  const compiled = await ort().compile(step as never, { state: { x: tf.ones([1, 7, 7, 1]) } as never });
  await expect(compiled({} as never)).rejects.toMatchObject({ code: 'not_traceable', message: expect.stringContaining('window') });
  compiled.dispose();
});

test('where the maxima were found', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, fc.boolean(), async (given, withBatch) => {
      const { window, strides, pad } = given;
      await expectValues(
        ({ x }) => {
          const { result, indexes } = tf.maxPoolWithArgmax(x as T4, window, strides, pad, withBatch);
          return [result!, indexes!];
        },
        { x: tied(shapeOf(given), 3) },
      );
    }),
    runs,
  );
});

test('over the whole image', async () => {
  const x = normal('x', [2, 6, 6, 9]);
  await expectDerivatives(({ x }) => tf.avgPool(x as T4, 6, 6, 'valid'), { x });
  await expectDerivatives(({ x }) => tf.maxPool(x as T4, 6, 6, 'valid'), { x });
});
