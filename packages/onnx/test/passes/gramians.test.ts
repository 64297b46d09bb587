import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { combineRows, gramianOf, type HostArray, hostArray, hostRandom, type Params, valueAndGradients } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import { ModelProtoSchema } from 'onnx-buf';
import { InferenceSession } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { bytesOf, nodesOf, type Value } from '../../src/graph/value';
import { ort } from '../../src/index';
import { optimized, passes } from '../../src/passes';
import { gramiansByBlocks } from '../../src/passes/gramians';
import type { Pass } from '../../src/passes/rewrite';
import { sessionOptions } from '../../src/run/node';
import { type GraphStage, program } from '../../src/run/program';
import { mapLeaves } from '../../src/trace/leaves';
import { type Trace, trace } from '../../src/trace/trace';
import { operators } from '../operators';
import type { Step } from '../parity';

type Model = { readonly [leaf: string]: tf.Tensor };
type Losses = (p: Model, x: tf.Tensor) => tf.Tensor[];

const normal = (seed: string, ...shape: number[]) =>
  hostArray(
    hostRandom(seed)
      .normal(shape.reduce((a, b) => a * b, 1))
      .map((value) => value / 8),
    shape,
  );

/** The Gramian of the gradients of some losses, and, if wanted, what else reads their rows. */
const gramianStep = (losses: Losses, tasks: number, combined = false) =>
  ((params: Params, { x }: { x: tf.Tensor }) => {
    const rows = Array.from(
      { length: tasks },
      (_, task) => valueAndGradients((p) => losses(p as Model, x)[task] as tf.Scalar, params).gradients,
    );
    const update = combined ? combineRows(rows, tf.ones([tasks]) as tf.Tensor1D) : {};
    return { state: {}, outputs: { gramian: gramianOf(rows), ...update } };
  }) as never as Step;

function nodesIn({ outputs }: Pick<Trace, 'outputs'>) {
  const values: Value[] = [];
  mapLeaves(outputs, (value) => values.push(value));
  return nodesOf(values);
}

const largest = (traced: Trace, op: string) =>
  Math.max(...nodesIn(traced).flatMap((node) => (node.op === op ? node.outputs.map(bytesOf) : [])));

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** By gradients task by task, their inner products in float64. */
function bruteForce(losses: Losses, state: Record<string, HostArray>, x: HostArray, tasks: number): number[][] {
  return tf.tidy(() => {
    const tensor = ({ data, shape, dtype }: HostArray) => tf.tensor(data as Float32Array, [...shape], dtype);
    const params = Object.fromEntries(Object.entries(state).map(([name, leaf]) => [name, tensor(leaf)]));
    const given = tensor(x);
    const rows = Array.from({ length: tasks }, (_, task) => {
      const { gradients } = valueAndGradients((p) => losses(p as Model, given)[task] as tf.Scalar, params as Params);
      return Object.values(gradients as never as Model).map((leaf) => leaf.dataSync());
    });
    return rows.map((a) => rows.map((b) => a.reduce((sum, leaf, i) => sum + dot(leaf as Float32Array, b[i] as Float32Array), 0)));
  });
}

async function expectGramian(losses: Losses, state: Record<string, HostArray>, x: HostArray, tasks: number): Promise<void> {
  await tf.setBackend('cpu');
  const wanted = bruteForce(losses, state, x, tasks);
  const tensors = Object.fromEntries(Object.entries(state).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));
  const compiled = await ort({ threads: 1 }).compile(gramianStep(losses, tasks) as never, { state: tensors as never });
  const { gramian } = (await compiled({ x } as never)) as unknown as { gramian: HostArray };
  compiled.dispose();
  const scale = Math.max(...wanted.flat().map(Math.abs));
  for (const [i, row] of wanted.entries())
    for (const [j, value] of row.entries()) expect(Math.abs(gramian.data[i * tasks + j]! - value)).toBeLessThan(1e-5 * scale);
}

/** Losses of outputs of the last layer, each with a share of its own. */
const byTask = (last: tf.Tensor, tasks: number) =>
  Array.from({ length: tasks }, (_, task) => tf.mean(tf.square(tf.sub(tf.slice(last, [0, task], [-1, 2]), task))));

const mlp: Losses = (p, x) => {
  const inner = tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, p.a as tf.Tensor2D), p.bias!));
  return byTask(tf.matMul(inner as tf.Tensor2D, p.b as tf.Tensor2D), 5);
};
const layers = (width: number) => ({ a: normal('a', 640, width), b: normal('b', width, 768), bias: normal('bias', width) });

test.each([768, 1021])('a Gramian of large leaves in blocks, of equal height (%i rows) or not, is that of the gradients', async (width) => {
  const [state, x] = [layers(width), normal('x', 8, 640)];
  const step = gramianStep(mlp, 5);
  const traced = trace(step, state, { x });
  const whole = 5 * 640 * width * 4;
  expect(largest(optimized(traced, []), 'Concat')).toBeGreaterThanOrEqual(whole);
  expect(largest(optimized(traced), 'Concat')).toBeLessThanOrEqual(2 ** 23);
  await expectGramian(mlp, state, x, 5);
});

test('leaves of every kind: products, a bias, a filter, a table, a scale of everything, a leaf of some tasks only', async () => {
  const losses: Losses = (p, x) => {
    const image = tf.reshape(tf.slice(x, [0, 0], [8, 64]), [8, 8, 8, 1]) as tf.Tensor4D;
    const filtered = tf.reshape(tf.conv2d(image, p.filter as tf.Tensor4D, 1, 'same'), [8, 512]);
    const looked = tf.reshape(tf.gather(p.table!, tf.tensor1d([1, 5, 5, 2, 0, 7, 7, 1], 'int32')), [8, 16]);
    const inner = tf.relu(tf.add(tf.matMul(tf.concat([filtered, looked], 1) as tf.Tensor2D, p.a as tf.Tensor2D), p.bias!));
    const [first, second, third] = byTask(tf.matMul(tf.mul(inner, p.scale!) as tf.Tensor2D, p.b as tf.Tensor2D), 3);
    return [first!, second!, tf.add(third!, tf.mean(tf.square(tf.matMul(x as tf.Tensor2D, p.some as tf.Tensor2D))))];
  };
  const state = {
    a: normal('a', 528, 1536),
    b: normal('b', 1536, 768),
    bias: normal('bias', 1536),
    filter: normal('filter', 3, 3, 1, 8),
    table: normal('table', 40, 16),
    scale: normal('scale', 1536),
    some: normal('some', 640, 1200),
  };
  const x = normal('x', 8, 640);
  const traced = trace(gramianStep(losses, 3), state, { x });
  // The two layers' weights come in blocks; what only one task has stays whole.
  const joins = (passes?: readonly Pass[]) =>
    nodesIn(optimized(traced, passes)).filter(({ op, inputs }) => op === 'Concat' && inputs.length === 3);
  expect(largest(optimized(traced), 'Concat')).toBe(3 * 640 * 1200 * 4);
  expect(joins().length).toBeGreaterThan(joins([]).length);
  await expectGramian(losses, state, x, 3);
});

test('rows that are small, or read otherwise, stay as they were', () => {
  const without = passes.filter((pass) => pass !== gramiansByBlocks);
  for (const [step, width] of [
    [gramianStep(mlp, 5), 64],
    [gramianStep(mlp, 5, true), 768],
  ] as const) {
    const traced = trace(step, layers(width), { x: normal('x', 8, 640) });
    expect(operators(optimized(traced))).toEqual(operators(optimized(traced, without)));
  }
});

/** How many products are behind what a node makes, one after the other. */
function depthOf(nodes: readonly { opType: string; input: string[]; output: string[] }[], at: number): number {
  const depths = new Map<string, number>();
  for (const { opType, input, output } of nodes.slice(0, at + 1)) {
    const behind = Math.max(0, ...input.map((name) => depths.get(name) ?? 0));
    for (const name of output) depths.set(name, behind + (/MatMul|Gemm/.test(opType) ? 1 : 0));
  }
  return depths.get(nodes[at]!.output[0]!)!;
}

test('ONNX Runtime is through with a layer before it begins with the one below', async () => {
  const traced = optimized(trace(gramianStep(mlp, 5), layers(768), { x: normal('x', 8, 640) }));
  const { model } = program(traced, (nameOf) => mapLeaves(traced.outputs, nameOf)).stages[0] as GraphStage;
  const folder = mkdtempSync(join(tmpdir(), 'gramians-'));
  try {
    const file = join(folder, 'optimized.onnx');
    const session = await InferenceSession.create(model, { ...sessionOptions(1), optimizedModelFilePath: file } as never);
    await session.release();
    // Nodes are written in the order in which they run.
    const { node } = fromBinary(ModelProtoSchema, readFileSync(file)).graph!;
    const joins = [...node.entries()].filter(([, { opType, input }]) => opType === 'Concat' && input.length === 5);
    expect(joins.length).toBeGreaterThan(3);
    // A block is read before the next one is joined, and all of the last layer's, 768 wide, come before the first layer's.
    for (const [i, [, { output }]] of joins.entries())
      expect(node.findIndex(({ input }) => input.includes(output[0]!))).toBeLessThan(joins[i + 1]?.[0] ?? node.length);
    const order = joins.map(([at]) => depthOf(node, at));
    expect(order).toEqual([...order].sort((p, q) => p - q));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
