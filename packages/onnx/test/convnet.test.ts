import { type HostArray, hostArray, hostRandom, type Params, valueAndGradients } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { expectParity } from './parity';
import { normal } from './rules/derivatives';

type Weights = { readonly [name: string]: tf.Tensor };

const [rows, classes] = [4, 5];

/** Two blocks of convolution, batch norm over the batch, ReLU and max pool: what few-shot learning trains on Omniglot. */
function loss(p: Weights, x: tf.Tensor, y: tf.Tensor): tf.Scalar {
  let h = x as tf.Tensor4D;
  for (const block of ['a', 'b']) {
    h = tf.conv2d(h, p[`${block}.w`] as tf.Tensor4D, 1, 'same');
    const { mean, variance } = tf.moments(h, [0, 1, 2]);
    h = tf.batchNorm(
      h,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      p[`${block}.beta`] as tf.Tensor1D,
      p[`${block}.gamma`] as tf.Tensor1D,
    );
    h = tf.maxPool(tf.relu(h), 2, 2, 'valid');
  }
  return tf.mean(tf.square(tf.sub(tf.matMul(tf.reshape(h, [rows, -1]), p.out as tf.Tensor2D), y))) as tf.Scalar;
}

const descent = (p: Weights, gradients: Weights, rate: number): Weights =>
  Object.fromEntries(Object.entries(p).map(([name, w]) => [name, tf.sub(w, tf.mul(gradients[name]!, rate))]));

function weights(): { [name: string]: HostArray } {
  const small = ({ data, shape }: HostArray) =>
    hostArray(
      Float32Array.from(data, (v) => v / 4),
      shape,
    );
  return {
    'a.w': small(normal('a', [3, 3, 1, 8])),
    'a.gamma': normal('ag', [8]),
    'a.beta': normal('ab', [8]),
    'b.w': small(normal('b', [3, 3, 8, 8])),
    'b.gamma': normal('bg', [8]),
    'b.beta': normal('bb', [8]),
    out: small(normal('out', [3 * 3 * 8, classes])),
  };
}

/** Strokes on a blank image, so that most windows are all equal. */
function image(seed: string): HostArray {
  const strokes = Float32Array.from(hostRandom(seed).uniform(rows * 13 * 13), (u) => (u < 0.1 ? 1 : 0));
  return hostArray(strokes, [rows, 13, 13, 1]);
}

const batches = [1, 2, 3].map((i) => ({ x: image(`x${i}`), y: normal(`y${i}`, [rows, classes]) }));

test('a convnet, by gradient descent', async () => {
  const step = (state: Params, { x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
    const { value, gradients } = valueAndGradients((p: Weights) => loss(p, x, y), state as Weights);
    return { state: descent(state as Weights, gradients as Weights, 0.1) as Params, outputs: { loss: value } };
  };
  await expectParity(step as never, weights(), batches, { tolerance: 1e-4 });
});

test('a convnet whose start is learned through two steps of descent', async () => {
  const step = (state: Params, { x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
    const outer = (p: Weights) => {
      let fast = p;
      for (let i = 0; i < 2; i++)
        fast = descent(fast, valueAndGradients((q: Weights) => loss(q, x, y), fast as Params as Weights).gradients as Weights, 0.05);
      return loss(fast, tf.reverse(x, 0), tf.reverse(y, 0));
    };
    const { value, gradients } = valueAndGradients(outer, state as Weights);
    return { state: descent(state as Weights, gradients as Weights, 0.05) as Params, outputs: { loss: value, gradients } };
  };
  await expectParity(step as never, weights(), batches.slice(0, 1), { tolerance: 1e-3 });
});
