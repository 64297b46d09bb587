import '@tensorflow/tfjs-backend-cpu';
import {
  disposeParams,
  type HostArray,
  hostArray,
  hostRandom,
  mapTree,
  type Params,
  readTree,
  type Tree,
  toTensor,
  valueAndGradients,
} from '@taskloom/core';
import { applyUpdates, type Optimizer } from '@taskloom/core/optimizers';
import { optimizers } from '@taskloom/testing/optimizers';
import { add, einsum, matMul, mean, mul, type Scalar, setBackend, square, sub, type Tensor, tanh, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, test } from 'vitest';
import { expectParity } from './parity';

beforeAll(async () => void (await setBackend('cpu')));

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);

/** Parameters of every rank from 0 to 3: optimisers that factor, or take norms, treat them differently. */
const params = {
  dense: { kernel: draw('kernel', 4, 6), bias: draw('bias', 6) },
  stack: draw('stack', 2, 6, 2),
  temperature: hostArray(Float32Array.of(0.7), []),
};
type P = { dense: { kernel: Tensor; bias: Tensor }; stack: Tensor; temperature: Tensor };

const loss = ({ dense, stack, temperature }: P, x: Tensor, y: Tensor) => {
  const hidden = tanh(add(matMul(x, dense.kernel), dense.bias));
  return mean(square(sub(mul(einsum('bi,tio->tbo', hidden, stack), temperature), y))) as Scalar;
};

async function initial(optimizer: Optimizer): Promise<Tree<HostArray>> {
  const state = tidy(() => {
    const tensors = mapTree(params, toTensor) as Params;
    return optimizer.init(tensors) as Params;
  });
  const read = (await readTree(state)) as Tree<HostArray>;
  disposeParams(state);
  return read;
}

test.each(Object.entries(optimizers))('20 steps of %s, compiled, are those that it makes eagerly', async (_, make) => {
  const optimizer = make();
  type State = { params: P; optimizer: Params };
  type Inputs = { x: Tensor; y: Tensor; step: Scalar; learningRate: Scalar };
  const train = (state: State, { x, y, ...info }: Inputs) => {
    const { value, gradients } = valueAndGradients((p: P) => loss(p, x, y), state.params);
    const { updates, state: next } = optimizer.update(gradients, state.optimizer as never, state.params, info);
    return { state: { params: applyUpdates(state.params, updates), optimizer: next }, outputs: { loss: value } };
  };
  await expectParity(
    train as never,
    { params, optimizer: await initial(optimizer) },
    Array.from({ length: 20 }, (_, i) => ({
      x: draw(`x${i}`, 5, 4),
      y: draw(`y${i}`, 2, 5, 2),
      step: hostArray(Float32Array.of(i), []),
      learningRate: hostArray(Float32Array.of(0.02 + 0.001 * i), []),
    })),
    { tolerance: 2e-5 },
  );
});
