import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { test } from 'vitest';
import { booleans, floats, integers, shapes } from './arbitrary';
import { expectDerivatives, expectValues, normal } from './derivatives';

const runs = { numRuns: 20, seed: 1 };
/** The cpu backend's concat gives arrays of no elements that its other kernels do not take. */
const filled = (ranks: Parameters<typeof shapes>[0]) => shapes(ranks).map((shape) => shape.map((size) => Math.max(1, size)));
const axisOf = (rank: number) => fc.integer({ min: -rank, max: rank - 1 });

test('concat along any axis, parts of size 0 included', async () => {
  const cases = filled({ minRank: 1 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      axis: axisOf(shape.length),
      sizes: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }).filter((sizes) => Math.max(...sizes) > 0),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, axis, sizes }) => {
      const at = axis < 0 ? axis + shape.length : axis;
      const parts = sizes.map((size, i) => [`x${i}`, normal(`x${i}`, shape.with(at, size))] as const);
      await expectDerivatives((v) => tf.concat(Object.values(v), axis), Object.fromEntries(parts));
    }),
    runs,
  );
});

test('stack and unstack along any axis', async () => {
  const cases = filled({ maxRank: 3 }).chain((shape) => fc.record({ shape: fc.constant(shape), axis: axisOf(shape.length + 1) }));
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, axis }) => {
      await expectDerivatives(
        ({ a, b }) => {
          const stacked = tf.stack([a!, b!, a!], axis);
          const [x, y, z] = tf.unstack(stacked, axis);
          return tf.concat([stacked, tf.stack([tf.mul(x!, y!), z!], axis)], axis);
        },
        { a: normal('a', shape), b: normal('b', shape) },
      );
    }),
    runs,
  );
});

test('split into sizes, one of them left open', async () => {
  const cases = filled({ minRank: 1 }).chain((shape) =>
    fc.record({ shape: fc.constant(shape), axis: axisOf(shape.length), first: fc.integer({ min: 0, max: 2 }) }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, axis, first }) => {
      const at = axis < 0 ? axis + shape.length : axis;
      const whole = shape.with(at, shape[at]! + first);
      await expectDerivatives(
        ({ x }) => {
          const [a, b] = tf.split(x!, [first, -1], axis);
          return tf.concat([tf.mul(b!, b!), a!], axis);
        },
        { x: normal('x', whole) },
      );
      await expectValues(({ y }) => tf.split(y!, whole[at] === 0 ? [0] : Array<number>(whole[at]!).fill(1), axis), {
        y: normal('y', whole),
      });
    }),
    runs,
  );
});

test('slices, with open sizes', async () => {
  const cases = shapes({ minRank: 1 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      cut: fc.tuple(...shape.map((size) => fc.tuple(fc.nat(size), fc.nat(size)).map((ends) => ends.sort((a, b) => a - b)))),
      open: fc.boolean(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, cut, open }) => {
      const begin = cut.map(([start]) => start!);
      const size = cut.map(([start, end]) => (open ? -1 : end! - start!));
      await expectDerivatives(({ x }) => tf.slice(x!, begin, size), { x: normal('x', shape) });
    }),
    runs,
  );
});

test('strided slices, forwards and backwards', async () => {
  const axis = fc.integer({ min: 1, max: 5 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      begin: fc.integer({ min: -size, max: size - 1 }),
      end: fc.integer({ min: -size - 1, max: size + 1 }),
      // Of stride 1 in all axes, the cpu backend has cases of its own with negative sizes.
      stride: fc.constantFrom(2, -1, 3, -2),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 3 }), fc.nat(7), fc.nat(7), async (axes, beginMask, endMask) => {
      const of = (key: 'begin' | 'end' | 'stride') => axes.map((given) => given[key]);
      const shape = axes.map(({ size }) => size);
      await expectValues(({ x }) => tf.stridedSlice(x!, of('begin'), of('end'), of('stride'), beginMask, endMask), {
        x: normal('x', shape),
      });
    }),
    { numRuns: 60, seed: 1 },
  );
});

test('strided slices with an ellipsis, new and lost axes', async () => {
  await expectValues(
    ({ x }) => [
      tf.stridedSlice(x!, [0, 1], [0, 3], [1, 1], 0, 0, 1),
      tf.stridedSlice(x!, [0, 0, 1], [2, 0, 3], [1, 1, 1], 0, 0, 0, 2),
      tf.stridedSlice(x!, [1, 1], [2, 3], [1, 1], 0, 0, 0, 0, 1),
      tf.stridedSlice(x!, [0, 3, -1], [2, 0, 1], [1, -2, -1]),
    ],
    { x: normal('x', [2, 4, 3]) },
  );
});

test('reversed along any axes', async () => {
  const cases = shapes({ minRank: 1 }).chain((shape) => fc.record({ shape: fc.constant(shape), axis: axisOf(shape.length) }));
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, axis }) => {
      await expectDerivatives(({ x }) => tf.reverse(x!, axis), { x: normal('x', shape) });
    }),
    runs,
  );
});

test('integers and booleans keep their type', async () => {
  const cases = fc.record({ i: integers([3, 4], true), b: booleans([3, 4]), x: floats([3, 4], -4, 4, true) });
  await fc.assert(
    fc.asyncProperty(cases, async (given) => {
      await expectValues(
        (all) =>
          Object.values(all).flatMap((x) => [
            tf.concat([x, x], 1),
            tf.stack([x, x], 1),
            ...tf.unstack(x, 1),
            ...tf.split(x, 2, 1),
            tf.slice(x, [1, 1], [1, 2]),
            tf.reverse(x, 1),
            tf.stridedSlice(x, [2, 0], [0, 4], [-1, 2]),
            tf.tile(x, [2, 1]),
            tf.transpose(x),
            tf.reshape(x, [2, 6]),
            tf.gather(x, tf.tensor1d([2, 0], 'int32')),
          ]),
        given,
      );
    }),
    { numRuns: 5, seed: 1 },
  );
});
