// The transformer's training step as a user of TensorFlow.js writes it: tf's operators, gradients and Adam on the WebAssembly backend, nothing of Taskloom but
// the start: parameters and a batch. Reads lines with a number of steps and answers with their milliseconds and losses, as torch_peer.py does.
// Run: node examples/run.mjs ../bench/peers/tfjs-peer.ts [--rate 0.1] [--profile], the latter for the time of a step by kernel.
import { register } from 'node:module';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { mapParams } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import { startBackend } from '../../apps/reference/src/backend';
import { classes, length, trainBatch, trainStep } from '../works/transformer';

type Dense = { readonly kernel: tf.Tensor2D; readonly bias: tf.Tensor1D };
type Norm = { readonly scale: tf.Tensor1D; readonly offset: tf.Tensor1D };
interface Block {
  readonly attention: { readonly query: Dense; readonly key: Dense; readonly value: Dense; readonly output: Dense };
  readonly attentionNorm: Norm;
  readonly feedForward: { readonly expand: Dense; readonly contract: Dense };
  readonly feedForwardNorm: Norm;
}
interface Model {
  readonly shared: {
    readonly embedding: { readonly table: tf.Tensor2D };
    readonly positions: { readonly table: tf.Tensor2D };
    readonly blocks: { readonly [name: string]: Block };
    readonly norm: Norm;
  };
  readonly tasks: { readonly [task: string]: { readonly output: Dense } };
}

const { values: flags } = parseArgs({ options: { rate: { type: 'string', default: '0.1' }, profile: { type: 'boolean' } } });
const rate = Number(flags.rate);
const [rows, width, heads] = [32, 256, 8];
const tokens = rows * length;

await startBackend('wasm');
// The gradients that importing `@tensorflow/tfjs` registers. In core they are ES modules that import each other without the `.js` which Node asks for.
register(
  `data:text/javascript,${encodeURIComponent("export const resolve = (name, context, next) => next(name, context).catch(() => next(name + '.js', context));")}`,
);
const stockGradients: string = '@tensorflow/tfjs-core/dist/register_all_gradients.js';
await import(stockGradients);

if (tf.getKernel('UnsortedSegmentSum', 'wasm')) throw new Error('The backend has kernels of Taskloom.');
const model = mapParams(trainStep(rows, rate).init().params, (leaf) => tf.variable(leaf)) as unknown as Model;
const batch = trainBatch(rows, 0);
const ids = tf.tensor1d(batch.ids.data, 'int32');
const targets = Object.entries(classes).map(([task, count]) => {
  const hot = tf.oneHot(tf.tensor1d(batch.targets[task]!.data, 'int32'), count);
  return [task, tf.cast(hot, 'float32')] as const;
});
const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);

const linear = (x: tf.Tensor2D, { kernel, bias }: Dense) => tf.add(tf.matMul(x, kernel), bias) as tf.Tensor2D;
const gelu = (x: tf.Tensor2D) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)) as tf.Tensor2D;
const drop = <T extends tf.Tensor>(x: T) => (rate > 0 ? tf.dropout(x, rate) : x) as T;
function normalize(x: tf.Tensor2D, { scale, offset }: Norm) {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), scale), offset) as tf.Tensor2D;
}

/** Rows of a table. The backend has no kernel for the gradient of `tf.gather`, so it is summed up on the host: a product with `tf.oneHot` would be of 2048 · 10,000 · 256. */
function lookUp(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  return tf.customGrad((...given) => {
    const [x] = given as [tf.Tensor2D];
    const gradFunc = (dy: tf.Tensor2D) => {
      const [from, at, sums] = [dy.dataSync(), ids.dataSync(), new Float32Array(x.size)];
      for (let i = 0; i < at.length; i++) for (let j = 0, to = at[i]! * width; j < width; j++) sums[to + j]! += from[i * width + j]!;
      return tf.tensor2d(sums, x.shape);
    };
    return { value: tf.gather(x, ids), gradFunc };
  })(table) as tf.Tensor2D;
}

function attend(x: tf.Tensor2D, { query, key, value, output }: Block['attention'], bias: tf.Tensor) {
  const split = (y: tf.Tensor) => tf.transpose(tf.reshape(y, [rows, length, heads, width / heads]), [0, 2, 1, 3]);
  const q = split(tf.mul(linear(x, query), 1 / Math.sqrt(width / heads)));
  const weights = tf.softmax(tf.add(tf.matMul(q, split(linear(x, key)), false, true), bias));
  const mixed = tf.matMul(drop(weights), split(linear(x, value)));
  return linear(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [tokens, width]), output);
}

function loss(): tf.Scalar {
  const { embedding, positions, blocks, norm } = model.shared;
  const mask = tf.cast(tf.notEqual(ids, 0), 'float32');
  const bias = tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [rows, 1, 1, length]);
  const column = tf.reshape(mask, [tokens, 1]);
  const placed = tf.add(tf.reshape(lookUp(embedding.table, ids), [rows, length, width]), positions.table);
  let x = drop(tf.mul(tf.reshape(placed, [tokens, width]), column)) as tf.Tensor2D;
  for (const { attention, attentionNorm, feedForward, feedForwardNorm } of Object.values(blocks)) {
    x = tf.add(x, drop(attend(normalize(x, attentionNorm), attention, bias)));
    const hidden = gelu(linear(normalize(x, feedForwardNorm), feedForward.expand));
    x = tf.add(x, drop(linear(hidden, feedForward.contract)));
  }
  const present = tf.reshape(tf.mul(normalize(x, norm), column), [rows, length, width]);
  const counts = tf.maximum(tf.sum(tf.reshape(mask, [rows, length]), 1, true), 1);
  const pooled = tf.div(tf.sum(present, 1), counts) as tf.Tensor2D;
  const losses = targets.map(([task, target]) => tf.losses.softmaxCrossEntropy(target, linear(pooled, model.tasks[task]!.output)));
  return tf.addN(losses) as tf.Scalar;
}

function step(): number {
  const cost = optimizer.minimize(loss, true)!;
  const [value] = cost.dataSync();
  cost.dispose();
  return value!;
}

if (flags.profile) {
  step();
  const start = performance.now();
  const { kernels } = await tf.profile(step as never);
  const whole = performance.now() - start;
  const times = new Map<string, { calls: number; time: number }>();
  const add = (kind: string, milliseconds: number) => {
    const { calls, time } = times.get(kind) ?? { calls: 0, time: 0 };
    times.set(kind, { calls: calls + 1, time: time + milliseconds });
  };
  let outside = whole;
  for (const { name, kernelTimeMs, inputShapes } of kernels) {
    if (!tf.getKernel(name, 'wasm')) continue; // an operator with a gradient of its own, whose kernels stand in the list as well
    const milliseconds = Number(await kernelTimeMs);
    add(name === 'BatchMatMul' ? `${name} ${inputShapes.map((shape) => `[${shape}]`).join(' ')}` : name, milliseconds);
    outside -= milliseconds;
  }
  add('outside of kernels', outside);
  console.log('| kernel | calls | ms | share |\n|---|---:|---:|---:|');
  for (const [kind, { calls, time }] of [...times].sort(([, a], [, b]) => b.time - a.time))
    console.log(`| ${kind} | ${calls} | ${time.toFixed(1)} | ${((100 * time) / whole).toFixed(1)} % |`);
  process.exit(0);
}
console.log(JSON.stringify({}));
for await (const line of createInterface({ input: process.stdin })) {
  const [times, losses]: [number[], number[]] = [[], []];
  for (let i = 0; i < Number(line); i++) {
    const start = performance.now();
    losses.push(step());
    times.push(performance.now() - start);
  }
  console.log(JSON.stringify({ times, losses }));
}
process.exit(0);
