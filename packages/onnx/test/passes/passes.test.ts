import { type HostArray, hostArray, hostRandom, type Params, random, run, valueAndGradients } from '@taskloom/core';
import { layerNorm, transformerBlock } from '@taskloom/core/modules';
import * as tf from '@tensorflow/tfjs-core';
import { add, div, mean, mul, type Scalar, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { optimized } from '../../src/passes';
import { layerNorms } from '../../src/passes/layer-norm';
import type { Pass } from '../../src/passes/rewrite';
import { means, sumsByProduct } from '../../src/passes/sums';
import { trace } from '../../src/trace/trace';
import { operators } from '../operators';
import { expectParity, type Step } from '../parity';

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);

const after = (step: Step, state: Record<string, HostArray>, inputs: Record<string, HostArray>, passes: readonly Pass[]) =>
  operators(optimized(trace(step, state, inputs), passes));

describe('layer normalisation', () => {
  const norm = layerNorm({ width: 16 });
  const step = (({ scale, offset }: { scale: Tensor; offset: Tensor }, { x, y }: { x: Tensor; y: Tensor }) => {
    const loss = (p: { scale: Tensor; offset: Tensor; x: Tensor }) => mean(square(sub(run(norm, p, p.x).output, y))) as Scalar;
    const { value, gradients } = valueAndGradients(loss, { scale, offset, x });
    return { state: { scale: gradients.scale, offset: gradients.offset }, outputs: { value, x: gradients.x } };
  }) as never as Step;
  const state = { scale: draw('scale', 16), offset: draw('offset', 16) };
  const inputs = { x: draw('x', 5, 6, 16), y: draw('y', 5, 6, 16) };

  test('is one operator, forward and backward, with the same numbers', async () => {
    const plain = after(step, state, inputs, []);
    const fused = after(step, state, inputs, [layerNorms]);
    expect(plain).toMatchObject({ Sqrt: 1, Reciprocal: 1 });
    expect(fused.LayerNormalization).toBe(1);
    expect(fused).not.toHaveProperty('Sqrt');
    expect(fused).not.toHaveProperty('Reciprocal');
    await expectParity(step, state, [inputs, inputs]);
  });

  test('other formulas stay as they are', () => {
    const other = (({ w }: { w: Tensor }, { x }: { x: Tensor }) => {
      const centred = sub(x, mean(x, 0, true));
      return { state: { w }, outputs: { y: mul(centred, add(mean(square(centred), 0, true), 1e-5)) } };
    }) as never as Step;
    expect(after(other, { w: draw('w', 1) }, { x: draw('x', 4, 8) }, [layerNorms])).not.toHaveProperty('LayerNormalization');
  });
});

describe('means', () => {
  const step = ((_: Params, { x, one }: { x: Tensor; one: Tensor }) => ({
    state: {},
    outputs: {
      kept: div(sum(x, -1, true), 9),
      // Of other numbers than it adds up, by other numbers, of another shape.
      other: div(sum(x, [1, 2]), 271),
      varying: div(sum(x, 2), one),
      wider: div(sum(x, 2), tf.fill([4, 20, 30], 9)),
    },
  })) as never as Step;

  test('are sums divided by how many they add up, with the same numbers', async () => {
    const inputs = { x: draw('x', 20, 30, 9), one: hostArray(Float32Array.of(9), [1]) };
    const { ReduceSum: before, Div: divided } = after(step, {}, inputs, []) as { ReduceSum: number; Div: number };
    const now = after(step, {}, inputs, [means]);
    expect(now).toMatchObject({ ReduceMean: 1, ReduceSum: before - 1, Div: divided - 1 });
    await expectParity(step, {}, [inputs]);
  });
});

test('a shape that two passes have changed and changed back is no operator', () => {
  const bias = ((_: Params, { x }: { x: Tensor }) => ({ state: {}, outputs: { joined: tf.reshape(sum(x, 0), [1, 16]) } })) as never as Step;
  const inputs = { x: draw('x', 40, 16) };
  expect(after(bias, {}, inputs, [])).toMatchObject({ ReduceSum: 1, Reshape: 1 });
  const now = after(bias, {}, inputs, [sumsByProduct]);
  expect(now).toMatchObject({ MatMul: 1 });
  expect(now).not.toHaveProperty('Reshape');
});

describe('sums by products', () => {
  const sums = ((_: Params, { x }: { x: Tensor }) => ({
    state: {},
    outputs: { rows: sum(x, [0, 1]), kept: sum(x, [0], true), last: sum(x, 2), middle: sum(x, 1), all: sum(x) },
  })) as never as Step;

  test('over all axes but the last ones, with the same numbers', async () => {
    const inputs = { x: draw('x', 20, 30, 9) };
    expect(after(sums, {}, inputs, [])).toMatchObject({ ReduceSum: 5 });
    expect(after(sums, {}, inputs, [sumsByProduct])).toMatchObject({ ReduceSum: 2, MatMul: 3 });
    await expectParity(sums, {}, [inputs]);
  });

  test('not where there is little to sum', () => {
    expect(after(sums, {}, { x: draw('x', 2, 3, 4) }, [sumsByProduct])).toMatchObject({ ReduceSum: 5 });
  });
});

test('what several gradients have in common is computed once', () => {
  const block = transformerBlock({ width: 16, heads: 2 });
  const losses = (count: number) =>
    (({ params }: { params: Params }, { x }: { x: Tensor }) => {
      const gradient = (task: number) =>
        valueAndGradients((p: Params) => mean(mul(run(block, p as never, { tokens: x }).output, task + 1)) as Scalar, params).gradients;
      return {
        state: { params },
        outputs: Object.fromEntries(Array.from({ length: count }, (_, task) => [`task${task}`, gradient(task)])),
      };
    }) as never as Step;
  const initial = block.init(random(1));
  const state: Record<string, unknown> = {};
  const host = (tree: object): unknown =>
    Object.fromEntries(
      Object.entries(tree).map(([name, leaf]) => [
        name,
        'dataSync' in leaf ? hostArray(leaf.dataSync(), leaf.shape) : host(leaf as object),
      ]),
    );
  state.params = host(initial);
  const count = (tasks: number) => {
    return operators(trace(losses(tasks), state as never, { x: draw('x', 2, 8, 16) })).Softmax;
  };
  // One in the forward pass, whatever the number of tasks.
  expect([count(1), count(2), count(4)]).toEqual([1, 1, 1]);
});
