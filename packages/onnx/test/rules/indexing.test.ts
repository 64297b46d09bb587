import { type HostArray, hostArray, hostRandom } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ort } from '../../src/index';
import { integers } from './arbitrary';
import { expectDerivatives, expectValues, normal } from './derivatives';

const runs = { numRuns: 20, seed: 1 };
const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const dims = (minLength: number, maxLength: number) => fc.array(fc.integer({ min: 1, max: 4 }), { minLength, maxLength });

/** Indices below `size`, many of them equal. */
function indices(seed: string, shape: readonly number[], size: number): HostArray {
  const draws = hostRandom(seed).uniform(product(shape));
  return hostArray(
    Int32Array.from(draws, (u) => Math.floor(u * u * size)),
    shape,
  );
}

test('gather along any axis', async () => {
  const cases = dims(1, 4).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      axis: fc.integer({ min: -shape.length, max: shape.length - 1 }),
      taken: fc.array(fc.nat(4), { maxLength: 2 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ shape, axis, taken }) => {
      const i = indices('i', taken, shape.at(axis)!);
      await expectDerivatives(({ x }, { i }) => tf.gather(x!, i as tf.Tensor1D, axis), { x: normal('x', shape) }, { i });
    }),
    runs,
  );
});

test('gather of each batch its own', async () => {
  const cases = fc.record({
    batch: dims(1, 2),
    outer: dims(0, 1),
    size: fc.integer({ min: 1, max: 4 }),
    inner: dims(0, 1),
    taken: dims(0, 2),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ batch, outer, size, inner, taken }) => {
      const i = indices('i', [...batch, ...taken], size);
      const axis = batch.length + outer.length;
      await expectDerivatives(
        ({ x }, { i }) => tf.gather(x!, i as tf.Tensor1D, axis, batch.length),
        { x: normal('x', [...batch, ...outer, size, ...inner]) },
        { i },
      );
    }),
    runs,
  );
});

test('gatherND and scatterND', async () => {
  const cases = fc.record({ outer: dims(1, 2), indexed: dims(1, 3), inner: dims(0, 2) });
  await fc.assert(
    fc.asyncProperty(cases, async ({ outer, indexed, inner }) => {
      const columns = indexed.map((size, axis) => indices(`i${axis}`, outer, size).data);
      const i = hostArray(
        Int32Array.from(
          { length: product(outer) * indexed.length },
          (_, at) => columns[at % indexed.length]![Math.floor(at / indexed.length)]!,
        ),
        [...outer, indexed.length],
      );
      const shape = [...indexed, ...inner];
      await expectDerivatives(({ x }, { i }) => tf.gatherND(x!, i!), { x: normal('x', shape) }, { i });
      await expectDerivatives(({ x }, { i }) => tf.scatterND(i as tf.Tensor2D, x!, shape), { x: normal('x', [...outer, ...inner]) }, { i });
    }),
    runs,
  );
});

// Up to 128 segments are summed by a product, more of them one after the other.
test.each([3, 200])('sums of %i segments; ids outside are dropped', async (segments) => {
  const ids = fc.array(fc.integer({ min: -2, max: segments + 1 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(ids, dims(0, 2), async (given, inner) => {
      await expectDerivatives(
        ({ x }, { ids }) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, segments),
        { x: normal('x', [given.length, ...inner]) },
        { ids: hostArray(Int32Array.from(given)) },
      );
    }),
    runs,
  );
});

test('one-hot rows of every type', async () => {
  await fc.assert(
    fc.asyncProperty(integers([2, 5]), fc.integer({ min: 2, max: 6 }), async (i, depth) => {
      await expectValues(
        ({ i }) => [
          tf.oneHot(i!, depth),
          tf.oneHot(i!, depth, 2, -3),
          tf.oneHot(i!, depth, 0.5, -0.25, 'float32'),
          tf.oneHot(i!, depth, 1, 0, 'bool'),
        ],
        { i },
      );
    }),
    { numRuns: 8, seed: 1 },
  );
});

test('sums of many segments by many rows: single ones, and runs over the ends of blocks', async () => {
  const shapes = fc.record({
    blocks: fc.integer({ min: 2, max: 12 }),
    block: fc.constantFrom(16, 32),
    distinct: fc.constantFrom(1, 3, 20, 500),
  });
  await fc.assert(
    fc.asyncProperty(shapes, fc.integer({ min: 0, max: 1000 }), async ({ blocks, block, distinct }, seed) => {
      const n = blocks * block;
      const width = Math.ceil(16_384 / n);
      // From below 0 to above the last one.
      const ids = Int32Array.from(hostRandom(`ids${seed}`).uniform(n), (u) => Math.floor((Math.floor(u * distinct) / distinct) * 540) - 20);
      await expectDerivatives(
        ({ x }, { ids }) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 500),
        { x: normal('x', [n, width]) },
        { ids: hostArray(ids) },
      );
    }),
    { numRuns: 15, seed: 1 },
  );
});

/** The gradient of an embedding in which few rows are read very often, on two threads; ONNX Runtime's ScatterND with a sum fails this. */
test.each([50, 500])('a table of %i rows read over and over has the same gradient every time', async (rows) => {
  const [reads, width] = [4096, 16];
  const step = (state: { table: tf.Tensor }, { ids, dy }: { ids: tf.Tensor; dy: tf.Tensor }) => {
    const nd = tf.scatterND(tf.reshape(ids, [reads, 1]), dy, [rows, width]);
    const sums = tf.unsortedSegmentSum(dy, ids as tf.Tensor1D, rows);
    return { state, outputs: { nd, sums } };
  };
  const ids = hostArray(Int32Array.from(hostRandom('ids').uniform(reads), (u) => Math.floor(u * 7)));
  const dy = normal('dy', [reads, width]);
  const compiled = await ort({ threads: 2 }).compile(step as never, { state: { table: tf.tensor1d([0]) } as never });
  const run = async () => (await compiled({ ids, dy } as never)) as unknown as { nd: HostArray; sums: HostArray };
  const bits = ({ data }: HostArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const first = await run();
  const wanted = new Float64Array(rows * width);
  for (const [i, value] of dy.data.entries()) wanted[ids.data[Math.floor(i / width)]! * width + (i % width)]! += value;
  for (const result of [first.nd, first.sums])
    for (const [i, value] of wanted.entries()) expect(Math.abs(result.data[i]! - value)).toBeLessThan(1e-3);
  for (let i = 0; i < 500; i++) {
    const again = await run();
    expect(bits(again.nd).equals(bits(first.nd)) && bits(again.sums).equals(bits(first.sums)), `run ${i}`).toBe(true);
  }
  compiled.dispose();
});
