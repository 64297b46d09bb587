import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { test } from 'vitest';
import { booleans, integers, shapes } from './arbitrary';
import { expectDerivatives, expectValues, normal } from './derivatives';

const runs = { numRuns: 20, seed: 1 };
type Borders = [number, number][];

test('borders of a number', async () => {
  const cases = shapes({ minRank: 1 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      borders: fc.tuple(...shape.map(() => fc.tuple(fc.nat(2), fc.nat(2)))),
      value: fc.constantFrom(0, 1.5),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, borders, value }) => {
      await expectDerivatives(({ x }) => tf.pad(x!, borders as Borders, value), { x: normal('x', shape) });
    }),
    runs,
  );
});

test('borders of integers and booleans', async () => {
  await fc.assert(
    fc.asyncProperty(integers([2, 3]), booleans([2, 3]), async (i, b) => {
      await expectValues(
        (given) => [
          tf.pad(
            given.i!,
            [
              [1, 0],
              [0, 2],
            ],
            7,
          ),
          tf.pad(
            given.b!,
            [
              [1, 0],
              [0, 2],
            ],
            1,
          ),
        ],
        { i, b },
      );
    }),
    { numRuns: 5, seed: 1 },
  );
});

test('mirrored borders, with and without the edge', async () => {
  const cases = fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 1, maxLength: 3 }).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      borders: fc.tuple(...shape.map((size) => fc.tuple(fc.nat(size - 1), fc.nat(size - 1)))),
      mode: fc.constantFrom('reflect' as const, 'symmetric' as const),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, borders, mode }) => {
      await expectDerivatives(({ x }) => tf.mirrorPad(x!, borders as Borders, mode), { x: normal('x', shape) });
    }),
    runs,
  );
});

test('space to batch and back', async () => {
  const axis = fc.record({ block: fc.integer({ min: 1, max: 3 }), blocks: fc.integer({ min: 1, max: 3 }), before: fc.nat(2) });
  const cases = fc.record({ axes: fc.array(axis, { minLength: 1, maxLength: 2 }), channels: fc.integer({ min: 1, max: 3 }) });
  await fc.assert(
    fc.asyncProperty(cases, async ({ axes, channels }) => {
      const block = axes.map((a) => a.block);
      // Borders before what is left of the blocks.
      const borders = axes.map((a) => [Math.min(a.before, a.block * a.blocks - 1), 0]);
      const shape = [2, ...axes.map((a, i) => a.block * a.blocks - borders[i]![0]!), channels];
      await expectDerivatives(({ x }) => tf.spaceToBatchND(x!, block, borders), { x: normal('x', shape) });
      const batch = block.reduce((a, b) => a * b, 2);
      const packed = [batch, ...axes.map((a) => a.blocks), channels];
      await expectDerivatives(({ x }) => tf.batchToSpaceND(x!, block, borders), { x: normal('x', packed) });
    }),
    runs,
  );
});
