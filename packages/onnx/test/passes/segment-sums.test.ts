import { combineRows, gramianOf, type HostArray, hostArray, hostRandom, type Params, valueAndGradients } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodesOf, sizeOf, type Value } from '../../src/graph/value';
import { optimized } from '../../src/passes';
import { touchedRows } from '../../src/passes/segment-sums';
import { trace } from '../../src/trace/trace';
import { expectParity, type Step } from '../parity';

const [segments, width] = [300, 8];
const table = hostArray(hostRandom('table').normal(segments * width), [segments, width]);
const ints = (values: readonly number[]) => hostArray(Int32Array.from(values), [values.length]);
const floats = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);

type Inputs = { readonly [name: string]: tf.Tensor };
/** Rows of a Jacobian with respect to a table, from ids and what comes back for them. */
type Rows = (inputs: Inputs) => readonly tf.Tensor[];

/** The Gramian of rows and one combination of them. */
const balanced = (rows: Rows, more: (rows: readonly tf.Tensor[]) => Inputs = () => ({})) =>
  ((_: Params, inputs: Inputs) => {
    const own = rows(inputs);
    const trees = own.map((table) => ({ table }));
    const combined = combineRows(trees, inputs.weights as tf.Tensor1D);
    return { state: {}, outputs: { gramian: gramianOf(trees), ...combined, ...more(own) } };
  }) as never as Step;

/** How many tables [segments, width] a step writes. */
function tables(step: Step, inputs: Record<string, HostArray>, passes = [touchedRows]): number {
  const { outputs } = optimized(trace(step, {}, inputs), passes);
  const nodes = nodesOf(Object.values(outputs as { readonly [name: string]: Value }));
  // Gathered from the sums of sorted ids, or, where there are few, added up in place with a row more for ids that name none.
  const sizes = { Gather: segments * width, ScatterElements: (segments + 1) * width };
  return nodes.filter(({ op, outputs: [made] }) => sizes[op as keyof typeof sizes] === sizeOf(made!.shape)).length;
}

const sum = (inputs: Inputs, ids: string, dy: string) =>
  tf.unsortedSegmentSum(inputs[dy] as tf.Tensor2D, inputs[ids] as tf.Tensor1D, segments);

test('gradients of a table by several tasks: one table is written for three, with the same Gramian and combination', async () => {
  const id = fc.integer({ min: -2, max: segments + 1 });
  // Few ids apart, so that rows meet within a task and between them.
  const ids = fc.array(fc.oneof(id, fc.constantFrom(0, 7, segments - 1)), { minLength: 48, maxLength: 48 });
  const step = balanced((inputs) => ['a', 'b', 'c'].map((task) => sum(inputs, `ids_${task}`, `dy_${task}`)));
  await fc.assert(
    fc.asyncProperty(ids, ids, ids, fc.string(), async (a, b, c, seed) => {
      const dy = (task: string) => floats(seed + task, 48, width);
      const inputs = {
        ids_a: ints(a),
        ids_b: ints(b),
        ids_c: ints(c),
        dy_a: dy('a'),
        dy_b: dy('b'),
        dy_c: dy('c'),
        weights: floats(seed, 3),
      };
      expect([tables(step, inputs), tables(step, inputs, [])]).toEqual([1, 3]);
      await expectParity(step, {}, [inputs]);
    }),
    { numRuns: 20 },
  );
});

test('tasks on the same rows; one that has no gradient', async () => {
  const step = balanced((inputs) => [
    sum(inputs, 'ids', 'first'),
    tf.zeros([segments, width]),
    sum(inputs, 'ids', 'second'),
    sum(inputs, 'ids', 'first'),
  ]);
  const ids = ints(Array.from({ length: 96 }, (_, i) => (i * 37) % 61));
  const inputs = { ids, first: floats('first', 96, width), second: floats('second', 96, width), weights: floats('w', 4) };
  expect(tables(step, inputs)).toBe(1);
  await expectParity(step, {}, [inputs]);
});

test('the gradient of an embedding', async () => {
  const losses = (p: { table: tf.Tensor }, { ids, weights }: Inputs) =>
    [0, 1, 2].map((task) => tf.mean(tf.square(tf.add(tf.gather(p.table, tf.slice(ids!, task * 32, 32)), tf.slice(weights!, task, 1)))));
  const step = ((state: { table: tf.Tensor }, inputs: Inputs) => {
    const rows = [0, 1, 2].map(
      (task) => valueAndGradients((p: { table: tf.Tensor }) => losses(p, inputs)[task] as tf.Scalar, state).gradients,
    );
    const { table: update } = combineRows(rows, inputs.weights as tf.Tensor1D);
    return { state: { table: tf.sub(state.table, update) }, outputs: { gramian: gramianOf(rows) } };
  }) as never as Step;
  const inputs = { ids: ints(Array.from({ length: 96 }, (_, i) => (i * i) % segments)), weights: floats('w', 3) };
  await expectParity(step, { table }, [inputs, inputs, inputs]);
});

test('as they were where the rows are read otherwise, or the batch names most of the table', async () => {
  const inputs = (n: number) => ({
    ids: ints(Array.from({ length: n }, (_, i) => (i * 11) % segments)),
    first: floats('first', n, width),
    second: floats('second', n, width),
    weights: floats('w', 2),
  });
  const rows: Rows = (given) => [sum(given, 'ids', 'first'), sum(given, 'ids', 'second')];
  const joined = balanced(rows, ([first, second]) => ({
    signs: tf.sign(tf.concat([tf.reshape(first!, [1, segments * width]), tf.reshape(second!, [1, segments * width])])),
  }));
  const two = balanced(rows, ([first, second]) => {
    const all = tf.concat([tf.reshape(first!, [1, segments * width]), tf.reshape(second!, [1, segments * width])]);
    return { two: tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), all as tf.Tensor2D) };
  });
  for (const [step, n] of [
    [joined, 96],
    [two, 96],
    [balanced(rows), 160],
  ] as const) {
    expect(tables(step, inputs(n))).toBe(2);
    await expectParity(step, {}, [inputs(n)]);
  }
});
