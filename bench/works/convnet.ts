import { hostArray, hostRandom, type Params, valueAndGradients } from '@taskloom/core';
import { crossEntropy } from '@taskloom/core/losses';
import { applyUpdates, sgd } from '@taskloom/core/optimizers';
import {
  add,
  conv2d,
  matMul,
  maxPool,
  moments,
  mul,
  relu,
  reshape,
  rsqrt,
  type Scalar,
  sub,
  type Tensor,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';

/** The network of few-shot Omniglot: 4 × (3×3 convolution of 64 filters, batch normalisation, ReLU, 2×2 pool), 20 classes, batch 100. */
const [batch, filters, classes, layers] = [100, 64, 20, 4];

function logits(params: Params, images: Tensor): Tensor {
  let x = images;
  for (let i = 0; i < layers; i++) {
    const layer = params[`layer${i}`] as { kernel: Tensor4D; scale: Tensor; offset: Tensor };
    const y = conv2d(x as Tensor4D, layer.kernel, 1, 'same');
    const { mean, variance } = moments(y, [0, 1, 2]);
    const normed = add(mul(sub(y, mean), mul(rsqrt(add(variance, 1e-5)), layer.scale)), layer.offset);
    x = maxPool(relu(normed) as Tensor4D, 2, 2, 'valid');
  }
  const { kernel, bias } = params.head as { kernel: Tensor; bias: Tensor };
  return add(matMul(reshape(x, [batch, filters]), kernel), bias);
}

export function convnetStep() {
  const optimizer = sgd();
  const step = (state: { params: Params }, { images, target, step, learningRate }: { readonly [name: string]: Tensor }) => {
    const { value, gradients } = valueAndGradients((p: Params) => crossEntropy(logits(p, images!), target!) as Scalar, state.params);
    const info = { step: step as Scalar, learningRate: learningRate as Scalar };
    const { updates } = optimizer.update(gradients, {}, state.params, info);
    return { state: { params: applyUpdates(state.params, updates) }, outputs: { loss: value } };
  };
  const init = () => {
    const draw = hostRandom('convnet');
    const normal = (name: string, shape: number[], scale: number) =>
      tensor(
        draw
          .fold(name)
          .normal(shape.reduce((a, b) => a * b, 1))
          .map((z) => z * scale),
        shape,
      );
    const params: Record<string, Params> = {
      head: { kernel: normal('head', [filters, classes], 0.1), bias: normal('bias', [classes], 0) },
    };
    for (let i = 0; i < layers; i++)
      params[`layer${i}`] = {
        kernel: normal(`kernel${i}`, [3, 3, i === 0 ? 1 : filters, filters], 0.05),
        scale: tensor(new Float32Array(filters).fill(1)),
        offset: tensor(new Float32Array(filters)),
      };
    return { params: params as Params };
  };
  const given = hostRandom('images');
  const images = hostArray(given.uniform(batch * 28 * 28), [batch, 28, 28, 1]);
  const target = hostArray(Int32Array.from(given.fold('target').uniform(batch), (u) => Math.floor(u * classes)));
  const scalar = (value: number) => hostArray(Float32Array.of(value), []);
  return { step, init, batch: (number: number) => ({ images, target, step: scalar(number), learningRate: scalar(0.01) }) };
}
