import { type HostArray, hostArray, hostRandom, type Params, valueAndGradients } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { optimized, passes } from '../../src/passes';
import { broadcasts } from '../../src/passes/broadcasts';
import { narrowConvolutions } from '../../src/passes/narrow-convolutions';
import type { Pass } from '../../src/passes/rewrite';
import { sumsByProduct } from '../../src/passes/sums';
import { trace } from '../../src/trace/trace';
import { operators } from '../operators';
import { expectParity, type Step } from '../parity';

type Tensors = { readonly [name: string]: tf.Tensor };
type Arrays = { readonly [name: string]: HostArray };

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);
const step = (fn: (state: Tensors, inputs: Tensors) => Tensors) =>
  ((state: Tensors, inputs: Tensors) => ({ state, outputs: fn(state, inputs) })) as never as Step;
const after = (given: Step, state: Arrays, inputs: Arrays, chosen: readonly Pass[]) =>
  operators(optimized(trace(given, state, inputs), chosen));
const gradients = (loss: (p: Tensors) => tf.Tensor, p: Tensors) =>
  valueAndGradients(loss as (p: Params) => tf.Scalar, p as Params).gradients as Tensors;

describe('operands that are broadcast', () => {
  const state = { x: draw('x', 5, 6, 8), v: draw('v', 8) };
  const check = async (fn: (p: Tensors) => Tensors, before: Record<string, number>, behind: Record<string, number>) => {
    const given = step(fn);
    const [plain, less] = [after(given, state, {}, []), after(given, state, {}, [broadcasts])];
    for (const [op, count] of Object.entries(before)) expect([op, plain[op] ?? 0]).toEqual([op, count]);
    for (const [op, count] of Object.entries(behind)) expect([op, less[op] ?? 0]).toEqual([op, count]);
    await expectParity(given, state, [{}]);
  };

  test('are not expanded, unless the result takes its shape from them', async () => {
    const wide = (v: tf.Tensor) => tf.broadcastTo(v, [5, 6, 8]);
    await check(({ x, v }) => ({ y: tf.mul(x!, wide(v!)), z: tf.where(tf.greater(x!, 0), wide(v!), x!) }), { Expand: 1 }, { Expand: 0 });
    await check(({ v }) => ({ y: tf.mul(wide(v!), wide(tf.add(v!, 1))) }), { Expand: 2 }, { Expand: 1 });
    await check(({ v }) => ({ y: tf.add(wide(v!), tf.reshape(v!, [1, 8])) }), { Expand: 1 }, { Expand: 1 });
  });

  test('have no axes of size 1 in front, so that equal ones meet', async () => {
    const fn = ({ x, v }: Tensors) => ({ y: tf.sub(x!, v!), z: tf.sub(x!, tf.reshape(v!, [1, 1, 8])) });
    await check(fn, { Sub: 2, Reshape: 1 }, { Sub: 1, Reshape: 0 });
  });

  test('are subtracted where they are negated', async () => {
    const fn = ({ x, v }: Tensors) => ({ y: tf.add(x!, tf.neg(v!)), z: tf.add(tf.neg(v!), x!), w: tf.sub(x!, tf.neg(v!)) });
    await check(fn, { Neg: 1, Add: 2, Sub: 1 }, { Neg: 0, Add: 1, Sub: 1 });
  });

  test('take a number into the smaller factor', async () => {
    const fn = ({ x, v }: Tensors) => ({ y: tf.mul(v!, tf.mul(x!, 2)), z: tf.mul(tf.mul(x!, tf.broadcastTo(v!, [6, 8])), 2) });
    const given = step(fn);
    expect(after(given, state, {}, [broadcasts]).Mul).toBe(4);
    const traced = optimized(trace(given, state, {}), [broadcasts]);
    const { y } = traced.outputs as unknown as { y: { producer: { inputs: { shape: number[] }[] } } };
    expect(y.producer.inputs.map(({ shape }) => shape)).toEqual([[8], [5, 6, 8]]);
    expect((y.producer.inputs as never as { input?: string }[])[1]!.input).toBeDefined();
    await expectParity(given, state, [{}]);
  });
});

describe('sums', () => {
  test('take signs and factors after them, so that what they have in common is added up once', async () => {
    const state = { x: draw('x', 20, 3, 9), v: draw('v', 9) };
    const sums = step(({ x, v }) => ({
      plain: tf.sum(x!, [0, 1]),
      negated: tf.sum(tf.neg(x!), [0, 1]),
      scaled: tf.sum(tf.neg(tf.mul(x!, v!)), [0, 1], true),
      doubled: tf.sum(tf.mul(x!, 2), [0, 1]),
      along: tf.sum(tf.mul(x!, v!), 2),
    }));
    expect(after(sums, state, {}, [])).toMatchObject({ ReduceSum: 5 });
    expect(after(sums, state, {}, [sumsByProduct])).toMatchObject({ ReduceSum: 1, MatMul: 1 });
    await expectParity(sums, state, [{}]);
  });

  test('of many rows are two products, the first over wide ones', async () => {
    const state = { x: draw('x', 32, 32, 300), y: draw('y', 1024, 300) };
    const sums = step(({ x, y }) => ({ two: tf.sum(x!, [0, 1]), one: tf.sum(y!, 0) }));
    expect(after(sums, state, {}, [sumsByProduct])).toMatchObject({ MatMul: 3 });
    await expectParity(sums, state, [{}]);
  });
});

describe('convolutions of few channels', () => {
  const state = { w: draw('w', 3, 2, 3, 10) };
  const inputs = { x: draw('x', 2, 7, 6, 3) };
  const convolve = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 1], 'same');

  test('are products with the columns of their filter gradient', async () => {
    const given = step((p, { x }) => gradients(({ w }) => tf.mean(tf.square(convolve(x!, w!))), p));
    expect(after(given, state, inputs, [])).toMatchObject({ Conv: 1 });
    const less = after(given, state, inputs, [narrowConvolutions]);
    expect(less).not.toHaveProperty('Conv');
    expect(less).not.toHaveProperty('Transpose');
    await expectParity(given, state, [inputs]);
  });

  test('stay where there is no such gradient, or it is of another image', async () => {
    const alone = step(({ w }, { x }) => ({ y: convolve(x!, w!) }));
    expect(after(alone, state, inputs, [narrowConvolutions])).toMatchObject({ Conv: 1 });
    const other = step((p, { x }) => ({
      ...gradients(({ w }) => tf.mean(convolve(tf.exp(x!), w!)), p),
      y: convolve(x!, p.w!),
    }));
    expect(after(other, state, inputs, [narrowConvolutions])).toMatchObject({ Conv: 1 });
    await expectParity(other, state, [inputs]);
  });
});

test('a training step of a convnet transposes what convolutions of many channels read and give, and no image of its size otherwise', async () => {
  const [batch, size, filters] = [4, 12, 16];
  const blocks = ['a', 'b', 'c'];
  const net = (p: Tensors, x: tf.Tensor) => {
    let h = x as tf.Tensor4D;
    for (const name of blocks) {
      const y = tf.conv2d(h, p[`${name}w`] as tf.Tensor4D, 1, 'same');
      const { mean, variance } = tf.moments(y, [0, 1, 2]);
      const normed = tf.mul(tf.sub(y, mean), tf.mul(tf.rsqrt(tf.add(variance, 1e-3)), p[`${name}s`]!));
      h = tf.maxPool(tf.relu(tf.add(normed, p[`${name}b`]!)) as tf.Tensor4D, 2, 2, 'valid');
    }
    return tf.mean(tf.square(h));
  };
  const state: Record<string, HostArray> = {};
  for (const [i, name] of blocks.entries()) {
    const w = draw(`${name}w`, 3, 3, i === 0 ? 1 : filters, filters);
    state[`${name}w`] = { ...w, data: (w.data as Float32Array).map((value) => value / 4) };
    state[`${name}s`] = draw(`${name}s`, filters);
    state[`${name}b`] = draw(`${name}b`, filters);
  }
  const inputs = { x: draw('x', batch, size, size, 1) };
  const given = step((p, { x }) => gradients((q) => net(q, x!), p));
  const { nextState, outputs } = optimized(trace(given, state, inputs), passes);
  const counts = operators({ nextState, outputs });
  // Two blocks, forward and backward: an image in and one out; four filters, and those that their gradients come with.
  expect(counts).toMatchObject({ Conv: 4 });
  expect(counts.Transpose).toBeLessThanOrEqual(4 * 2 + 4 + 2);
  expect(counts).not.toHaveProperty('Expand');
  expect(counts).not.toHaveProperty('ReduceSum');
  await expectParity(given, state, [inputs], { tolerance: 1e-4 });
});
