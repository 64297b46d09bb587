import type { HostArray } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { test } from 'vitest';
import { expectDerivatives, expectValues, insteadOnCpu, normal } from './derivatives';

type T4 = tf.Tensor4D;
type Padding = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;

const runs = { numRuns: 40, seed: 1 };
const sides = { top: fc.nat(2), bottom: fc.nat(2), left: fc.nat(2), right: fc.nat(2) };
const padding: fc.Arbitrary<Padding> = fc.oneof(
  fc.constantFrom<Padding>('same', 'valid', 1, 2),
  fc.record(sides).map(
    ({ top, bottom, left, right }): Padding => [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
  ),
);

/** Even and odd sizes, square and other filters. Widths of 9 and 17 channels take the other ways through the backward kernels. */
const geometry = fc.record({
  height: fc.integer({ min: 3, max: 8 }),
  width: fc.integer({ min: 3, max: 8 }),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  pad: padding,
  channels: fc.constantFrom(1, 2, 9, 17),
  out: fc.integer({ min: 1, max: 3 }),
  batch: fc.integer({ min: 1, max: 2 }),
  rounding: fc.constantFrom('floor' as const, 'round' as const, 'ceil' as const, undefined),
});
type Geometry = typeof geometry extends fc.Arbitrary<infer G> ? G : never;

const roundingOf = ({ pad, rounding }: Geometry) => (typeof pad === 'string' ? undefined : rounding);
const hasResult = ({ height, width, kernel, strides, pad, ...rest }: Geometry) => {
  const info = tf.backend_util.computeConv2DInfo(
    [1, height, width, 1],
    [...kernel, 1, 1],
    strides,
    1,
    pad as 'same',
    roundingOf({ height, width, kernel, strides, pad, ...rest }),
  );
  return info.outHeight > 0 && info.outWidth > 0;
};
const inputs = ({ batch, height, width, kernel, channels, out }: Geometry): { x: HostArray; w: HostArray } => ({
  x: normal('x', [batch, height, width, channels]),
  w: normal('w', [...kernel, channels, out]),
});

test('conv2d of any stride, padding and rounding', async () => {
  await fc.assert(
    fc.asyncProperty(geometry.filter(hasResult), async (given) => {
      const { strides, pad } = given;
      await expectDerivatives(({ x, w }) => tf.conv2d(x as T4, w as T4, strides, pad, 'NHWC', 1, roundingOf(given)), inputs(given));
    }),
    { ...runs, numRuns: 80 },
  );
});

test('depthwise conv2d of any stride, padding and rounding', async () => {
  await fc.assert(
    fc.asyncProperty(geometry.filter(hasResult), async (given) => {
      const { strides, pad } = given;
      await expectDerivatives(
        ({ x, w }) => tf.depthwiseConv2d(x as T4, w as T4, strides, pad, 'NHWC', 1, roundingOf(given)),
        inputs(given),
      );
    }),
    runs,
  );
});

test('conv2d of many channels, whose filter gradient is made image by image where these are large', async () => {
  const many = fc.record({
    height: fc.integer({ min: 5, max: 9 }),
    width: fc.integer({ min: 5, max: 9 }),
    kernel: fc.constantFrom<[number, number]>([3, 3], [2, 3], [1, 2]),
    strides: fc.constantFrom<[number, number]>([1, 1], [1, 2]),
    pad: padding,
    format: fc.constantFrom('NHWC' as const, 'NCHW' as const),
    batch: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(many, async ({ height, width, kernel, strides, pad, format, batch }) => {
      const fixed = typeof pad === 'object' ? 'same' : pad;
      const w = normal('w', [...kernel, 16, 17]);
      const x = normal('x', [batch, height, width, 16]);
      const small = { ...w, data: (w.data as Float32Array).map((value) => value / 8) };
      // The cpu backend has no NCHW gradients: there the image is turned before and after.
      const convolve = (image: T4, filter: T4) => tf.conv2d(image, filter, strides, fixed);
      const first = (image: T4) => tf.transpose(image, [0, 3, 1, 2]);
      const op = ({ x, w }: { readonly [name: string]: tf.Tensor }) =>
        format === 'NHWC'
          ? convolve(x as T4, w as T4)
          : insteadOnCpu(
              () => first(convolve(x as T4, w as T4)),
              () => tf.conv2d(first(x as T4), w as T4, strides, fixed, 'NCHW'),
            );
      await expectDerivatives(op, { x, w: small });
    }),
    { ...runs, numRuns: 20 },
  );
});

test('dilated convolutions', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })), async (given, dilations) => {
      await expectValues(
        ({ x, w }) => [
          tf.conv2d(x as T4, w as T4, 1, 'same', 'NHWC', dilations),
          tf.depthwiseConv2d(x as T4, w as T4, 1, 'same', 'NHWC', dilations),
          tf.separableConv2d(x as T4, w as T4, tf.ones([1, 1, w!.shape[2]! * w!.shape[3]!, 2]), 1, 'same', dilations),
        ],
        inputs(given),
        2e-5,
      );
    }),
    runs,
  );
});

/*
 * The cpu backend forgets the dilation in the gradient of a depthwise convolution, so this one is compared with the same convolution written without
 * a dilation: zeros between the cells of its filter.
 */
test('the gradient of a dilated depthwise convolution', async () => {
  const apart = (w: tf.Tensor, [dy, dx]: readonly [number, number]) => {
    const [h, k, c, m] = w.shape as [number, number, number, number];
    const rows = tf.pad(tf.reshape(w, [h, 1, k, 1, c, m]), [
      [0, 0],
      [0, dy - 1],
      [0, 0],
      [0, dx - 1],
      [0, 0],
      [0, 0],
    ]);
    return tf.slice(tf.reshape(rows, [h * dy, k * dx, c, m]), [0, 0, 0, 0], [(h - 1) * dy + 1, (k - 1) * dx + 1, c, m]);
  };
  await fc.assert(
    fc.asyncProperty(geometry, fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })), async (given, dilations) => {
      await expectDerivatives(
        ({ x, w }) =>
          insteadOnCpu(
            () => tf.depthwiseConv2d(x as T4, apart(w!, dilations) as T4, 1, 'same'),
            () => tf.depthwiseConv2d(x as T4, w as T4, 1, 'same', 'NHWC', dilations),
          ),
        inputs(given),
      );
    }),
    { ...runs, numRuns: 20 },
  );
});

test('conv1d, conv2dTranspose and channels in front', async () => {
  await expectDerivatives(({ x, w }) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, 'same'), {
    x: normal('x', [2, 7, 3]),
    w: normal('w', [3, 3, 4]),
  });
  await expectDerivatives(({ x, w }) => tf.conv2dTranspose(x as T4, w as T4, [2, 9, 7, 2], 2, 'same'), {
    x: normal('x', [2, 5, 4, 3]),
    w: normal('w', [3, 3, 2, 3]),
  });
  await expectValues(
    ({ x, w }) => [tf.conv2d(x as T4, w as T4, 2, 'valid', 'NCHW')],
    { x: normal('x', [2, 3, 6, 7]), w: normal('w', [3, 3, 3, 4]) },
    2e-5,
  );
});

test('convolutions with bias and activation in one kernel', async () => {
  const all = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;
  const given = { x: normal('x', [2, 5, 5, 3]), w: normal('w', [3, 3, 3, 3]), b: normal('b', [3]), alpha: normal('alpha', [3]) };
  const options = ({ x, w, b, alpha }: { readonly [name: string]: tf.Tensor }, activation: (typeof all)[number]) => ({
    x: x as T4,
    filter: w as T4,
    bias: b,
    strides: 1,
    pad: 'same' as const,
    activation,
    preluActivationWeights: activation === 'prelu' ? alpha : undefined,
    leakyreluAlpha: 0.3,
  });
  await expectValues((tensors) => all.map((activation) => tf.fused.conv2d(options(tensors, activation))), given, 2e-5);
  // The multiplier of the depthwise filter makes nine channels.
  await expectValues((tensors) => [tf.fused.depthwiseConv2d({ ...options(tensors, 'relu'), bias: tf.tile(tensors.b!, [3]) })], given, 2e-5);
  await expectDerivatives((tensors) => tf.fused.conv2d(options({ ...tensors, alpha: tensors.b! }, 'relu')), {
    x: given.x,
    w: given.w,
    b: given.b,
  });
});

test('a batch without rows', async () => {
  await expectDerivatives(({ x, w }) => tf.conv2d(x as T4, w as T4, 1, 'same'), {
    x: normal('x', [0, 4, 4, 2]),
    w: normal('w', [3, 3, 2, 3]),
  });
});
