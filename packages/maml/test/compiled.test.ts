import '@tensorflow/tfjs-backend-cpu';
import { hostArray, hostRandom, mapParams, type Params } from '@taskloom/core';
import { applyUpdates } from '@taskloom/core/optimizers';
import { add, expandDims, matMul, mean, mul, setBackend, softplus, square, sub, type Tensor, tanh } from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { expectParity } from '../../onnx/test/parity';
import { type Episode, maml } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

type Data = { readonly x: Tensor; readonly y: Tensor };
type Network = { body: { w: Tensor; b: Tensor }; head: { w: Tensor; b: Tensor } };

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);
const initial = { body: { w: draw('w', 2, 6), b: draw('b', 6) }, head: { w: draw('v', 6, 1), b: draw('c', 1) } };

/** Second derivatives matter in it; parameters are those of one task, or stacked for all. */
function errors({ body, head }: Network, { x, y }: Data): Tensor {
  const bias = (b: Tensor) => (b.rank === 2 ? expandDims(b, 1) : b);
  const hidden = softplus(tanh(add(matMul(x, body.w), bias(body.b))));
  return square(sub(add(matMul(hidden, head.w), bias(head.b)), y));
}
const loss = (params: Network, data: Data) => mean(errors(params, data));
const losses = (params: Network, data: Data) => mean(errors(params, data), [1, 2]);

const tasks = 3;
const rows = (seed: string, count: number, ...leading: number[]) => ({
  x: draw(`${seed} x`, ...leading, count, 2),
  y: draw(`${seed} y`, ...leading, count, 1),
});
const episode = (seed: string, ...leading: number[]) => ({
  support: rows(`${seed} support`, 4, ...leading),
  query: rows(`${seed} query`, 5, ...leading),
});
const steps = ['first', 'second', 'third'];

describe.each(['second', 'first'] as const)('%s order', (order) => {
  const options = { innerLearningRate: 0.1, steps: 3, order };

  it('steps on metaGradients of a list of tasks, compiled, are those made eagerly', () => {
    const method = maml<Network, Data>({ ...options, loss });
    return expectParity(
      ((params: Network, episodes: { readonly [task: string]: Episode<Data> }) => {
        const { value, gradients, perTask } = method.metaGradients(params, Object.values(episodes));
        return { state: descended(params, gradients), outputs: { value, perTask } };
      }) as never,
      initial,
      steps.map((step) => Object.fromEntries(Array.from({ length: tasks }, (_, i) => [`task${i}`, episode(`${step} ${i}`)]))),
    );
  });

  it('and of all tasks at once; adapt too', () => {
    const method = maml<Network, Data>({ ...options, loss: losses, batched: true });
    return expectParity(
      ((params: Network, stacked: Episode<Data>) => {
        const { value, gradients, perTask } = method.metaGradients(params, stacked);
        const adapted = method.adapt(params, stacked.support, { steps: 5 });
        return { state: descended(params, gradients), outputs: { value, perTask, adapted } };
      }) as never,
      initial,
      steps.map((step) => episode(step, tasks)),
    );
  });
});

it('the head alone adapts, by rates that are learned with it', () => {
  const method = maml<Network, Data>({ loss, adapts: 'head/**', steps: 2 });
  const rates = { head: { w: hostArray(Float32Array.of(0.1), []), b: hostArray(Float32Array.of(0.2), []) } };
  return expectParity(
    (({ params, rates }: { params: Network; rates: Params }, one: Episode<Data>) => {
      const { value, gradients } = method.metaGradients(params, [one], { innerLearningRate: rates });
      return {
        state: { params: descended(params, gradients), rates },
        outputs: { value, adapted: method.adapt(params, one.support, { innerLearningRate: rates }) },
      };
    }) as never,
    { params: initial, rates },
    steps.map((step) => episode(step)),
  );
});

function descended(params: Network, gradients: Network): Network {
  return applyUpdates(
    params,
    mapParams(gradients, (leaf) => mul(leaf, -0.1)),
  );
}
