import { hostArray } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { test } from 'vitest';
import { booleans, floats, integers, shapes, someAxes } from './arbitrary';
import { expectDerivatives } from './derivatives';
import { each, expectOutputs } from './outputs';

const runs = { numRuns: 20 };
const reductions = ['sum', 'mean', 'max', 'min', 'prod'] as const;
const withAxes = shapes().chain((shape) => fc.tuple(fc.constant(shape), someAxes(shape.length), fc.boolean()));

test('reductions over any axes, of any type', async () => {
  const cases = withAxes.chain(([shape, axes, keepDims]) =>
    fc.tuple(fc.constant({ axes, keepDims }), floats(shape, -2, 2), integers(shape), booleans(shape)),
  );
  await fc.assert(
    fc.asyncProperty(cases, ([{ axes, keepDims }, f, i, b]) =>
      expectOutputs(
        ({ f, i, b }) => ({
          floats: each(reductions, (name) => tf[name](f!, axes, keepDims)) as never,
          // A product of signs, which fits.
          integers: each(reductions, (name) => tf[name](name === 'prod' ? tf.sign(i!) : i!, axes, keepDims)) as never,
          booleans: each(reductions, (name) => tf[name](b!, axes, keepDims)) as never,
          all: tf.all(b!, axes, keepDims),
          any: tf.any(b!, axes, keepDims),
        }),
        { f, i, b },
      ),
    ),
    runs,
  );
});

test('infinities: sums, extremes, softmax', async () => {
  const x = hostArray(Float32Array.of(1, Number.NEGATIVE_INFINITY, 2, Number.POSITIVE_INFINITY, 3, 4), [2, 3]);
  await expectOutputs(
    ({ x }) => ({ ...each(['sum', 'mean', 'max', 'min'] as const, (name) => tf[name](x!, 1)), softmax: tf.softmax(x!) }),
    {
      x,
    },
  );
});

const alongAxis = shapes({ minRank: 1 }).chain((shape) => fc.tuple(fc.constant(shape), fc.integer({ min: 0, max: shape.length - 1 })));

test('positions of extremes: the first of equal ones, int32', async () => {
  const cases = alongAxis.chain(([shape, axis]) =>
    fc.tuple(fc.constantFrom(axis, axis - shape.length), floats(shape, -1, 1), integers(shape), booleans(shape)),
  );
  await fc.assert(
    fc.asyncProperty(cases, ([axis, f, i, b]) =>
      expectOutputs(
        ({ f, i, b }) => ({
          ...each(['argMax', 'argMin'] as const, (name) => tf[name](f!, axis)),
          integers: tf.argMax(i!, axis),
          least: tf.argMin(i!, axis),
          booleans: tf.argMax(b!, axis),
        }),
        { f, i, b },
        0,
      ),
    ),
    runs,
  );
});

test('running sums and products, exclusive and in reverse', async () => {
  const cases = alongAxis.chain(([shape, axis]) =>
    fc.tuple(fc.record({ axis: fc.constant(axis), exclusive: fc.boolean(), reverse: fc.boolean() }), floats(shape, -2, 2), integers(shape)),
  );
  await fc.assert(
    fc.asyncProperty(cases, ([{ axis, exclusive, reverse }, f, i]) =>
      expectOutputs(
        ({ f, i }) => ({
          sum: tf.cumsum(f!, axis, exclusive, reverse),
          product: tf.cumprod(f!, axis, exclusive, reverse),
          integers: tf.cumsum(i!, axis, exclusive, reverse),
          products: tf.cumprod(i!, axis, exclusive, reverse),
        }),
        { f, i },
      ),
    ),
    runs,
  );
});

test('the k greatest, of equal ones the first first', async () => {
  const cases = shapes({ minRank: 1 }).chain((shape) =>
    fc.tuple(fc.integer({ min: 0, max: shape[shape.length - 1]! }), floats(shape, -1, 1), integers(shape), booleans(shape)),
  );
  await fc.assert(
    fc.asyncProperty(cases, ([k, f, i, b]) =>
      expectOutputs(
        ({ f, i, b }) => ({ floats: tf.topk(f!, k) as never, integers: tf.topk(i!, k) as never, booleans: tf.topk(b!, k) as never }),
        { f, i, b },
        0,
      ),
    ),
    runs,
  );
});

/** A kernel that tfjs itself never calls; its cpu backend lacks it. */
function logSoftmaxKernel(x: tf.Tensor): tf.Tensor {
  return tf.getKernel('LogSoftmax', tf.getBackend()) ? tf.engine().runKernel('LogSoftmax', { logits: x }, { axis: -1 }) : tf.logSoftmax(x);
}

test('softmax and its logarithm', async () => {
  const cases = shapes({ minRank: 1 }).chain((shape) => floats(shape, -30, 30));
  await fc.assert(
    fc.asyncProperty(cases, (x) =>
      expectOutputs(({ x }) => ({ softmax: tf.softmax(x!), log: tf.logSoftmax(x!), kernel: logSoftmaxKernel(x!) }), { x }),
    ),
    runs,
  );
});

/** Well separated values, in an order that depends on the place only: no extreme is near another. */
const distinct = (shape: readonly number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return hostArray(
    Float32Array.from({ length: size }, (_, i) => (((i * 7 + 3) % 11) - 5) / 5 + i / (size * 20)),
    shape,
  );
};

test.each(reductions)('%s: derivatives over any axes', async (name) => {
  await fc.assert(
    fc.asyncProperty(withAxes, ([shape, axes, keepDims]) =>
      expectDerivatives(({ x }) => tf[name](x!, axes, keepDims), { x: distinct(shape) }, {}, { tolerance: 1e-4 }),
    ),
    { numRuns: 10 },
  );
});

test('cumsum, softmax: derivatives', async () => {
  const cases = alongAxis.chain(([shape, axis]) =>
    fc.record({ shape: fc.constant(shape), axis: fc.constant(axis), exclusive: fc.boolean(), reverse: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, axis, exclusive, reverse }) => {
      await expectDerivatives(({ x }) => tf.cumsum(x!, axis, exclusive, reverse), { x: distinct(shape) }, {}, { tolerance: 1e-4 });
      await expectDerivatives(({ x }) => tf.softmax(x!), { x: distinct(shape) }, {}, { tolerance: 1e-4 });
    }),
    { numRuns: 8 },
  );
});
