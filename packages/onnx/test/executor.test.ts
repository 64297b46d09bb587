import {
  disposeParams,
  type HostArray,
  hostArray,
  hostCall,
  hostRandom,
  mapTree,
  type Params,
  readTree,
  type Tree,
  toTensor,
  valueAndGradients,
} from '@taskloom/core';
import { adam, type Optimizer } from '@taskloom/core/optimizers';
import { add, matMul, mean, mul, relu, type Scalar, square, sub, type Tensor, tanh, tidy } from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { expectParity } from './parity';

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);

/** An optimiser's first state, on the host. */
async function initial(optimizer: Optimizer, params: Tree<HostArray>): Promise<Tree<HostArray>> {
  const state = tidy(() => optimizer.init(mapTree(params, toTensor) as Params) as Params);
  const read = (await readTree(state)) as Tree<HostArray>;
  disposeParams(state);
  return read;
}

test('a network trained with Adam', async () => {
  const optimizer = adam();
  type P = { w1: Tensor; b1: Tensor; w2: Tensor };
  const step = (state: { params: P; adam: Params }, { x, y, step, rate }: { x: Tensor; y: Tensor; step: Tensor; rate: Tensor }) => {
    const { value, gradients } = valueAndGradients(
      (p) => mean(square(sub(matMul(tanh(add(matMul(relu(x), p.w1), p.b1)), p.w2), y))) as Scalar,
      state.params,
    );
    const { updates, state: next } = optimizer.update(gradients, state.adam as never, state.params, { step, learningRate: rate } as never);
    const params = { w1: add(state.params.w1, updates.w1), b1: add(state.params.b1, updates.b1), w2: add(state.params.w2, updates.w2) };
    return { state: { params, adam: next as Params }, outputs: { loss: value } };
  };
  const params = { w1: draw('w1', 3, 8), b1: draw('b1', 8), w2: draw('w2', 8, 2) };
  await expectParity(
    step as never,
    { params, adam: await initial(optimizer, params) } as never,
    Array.from({ length: 20 }, (_, i) => ({
      x: draw(`x${i}`, 5, 3),
      y: draw(`y${i}`, 5, 2),
      step: hostArray(Int32Array.of(i), []),
      rate: hostArray(Float32Array.of(0.01), []),
    })),
  );
});

test('a host call in the middle', async () => {
  await expectParity(
    ((state: { w: Tensor }, { x }: { x: Tensor }) => {
      const product = mul(state.w, x);
      const [doubled] = hostCall([product], [[3]], ([values]) => [values!.map((v) => 2 * v)]);
      return { state: { w: add(doubled!, square(product)) }, outputs: { product, doubled: doubled! } };
    }) as never,
    { w: draw('w', 3) },
    [{ x: draw('a', 3) }, { x: draw('b', 3) }],
  );
});
