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
import { adam, applyUpdates, cosine, type StepInfo, sgd, warmup } from '@taskloom/core/optimizers';
import { add, matMul, mean, mul, type Scalar, setBackend, square, sub, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { ort } from '../src/index';
import { expectParity } from './parity';

beforeAll(() => setBackend('cpu'));

const scalar = (value: number) => hostArray(Float32Array.of(value), []);
const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);

/** Two tasks on one weight matrix; their weights, the learning rate and the number of the step are inputs. */
type Inputs = { x: Tensor; a: Tensor; b: Tensor; weights: Tensor; step: Scalar; learningRate: Scalar };
type State = { w: Tensor; optimizer: Params };
const training =
  (optimizer: ReturnType<typeof adam>, traced: () => void) =>
  (state: State, { x, a, b, weights, ...info }: Inputs) => {
    traced();
    const { value, gradients } = valueAndGradients(
      ({ w }) => {
        const y = matMul(x, w);
        const losses = [a, b].map((target) => mean(square(sub(y, target))));
        return sum(mul(weights, add(mul(losses[0]!, [1, 0]), mul(losses[1]!, [0, 1])))) as Scalar;
      },
      { w: state.w },
    );
    const { updates, state: next } = optimizer.update(gradients, state.optimizer, { w: state.w }, info as StepInfo);
    return { state: { ...applyUpdates({ w: state.w }, updates), optimizer: next }, outputs: { loss: value } };
  };

async function initial(optimizer: ReturnType<typeof adam>, w: HostArray): Promise<Tree<HostArray>> {
  const state = tidy(() => optimizer.init({ w: toTensor(w) }));
  const read = (await readTree(state)) as Tree<HostArray>;
  disposeParams(state);
  return { w, optimizer: read };
}

test('a schedule, weights that move and the count of steps, over one trace', async () => {
  const optimizer = adam();
  const rate = warmup(cosine({ from: 0.1, steps: 9 }), { steps: 3 });
  const inputs = Array.from({ length: 12 }, (_, i) => ({
    x: draw(`x${i}`, 4, 3),
    a: draw(`a${i}`, 4, 2),
    b: draw(`b${i}`, 4, 2),
    weights: hostArray(Float32Array.of(1 / (1 + i), i % 3)),
    step: scalar(i),
    learningRate: scalar(rate(i)),
  }));
  let calls = 0;
  const step = training(optimizer, () => void calls++);
  await expectParity(step as never, (await initial(optimizer, draw('w', 3, 2))) as never, inputs);
  expect(calls).toBe(inputs.length + 1); // eagerly each time, compiled once
});

test('each of them decides the update', async () => {
  const w = draw('w', 3, 2);
  const fixed = { x: draw('x', 4, 3), a: draw('a', 4, 2), b: draw('b', 4, 2) };
  /** The change of w in one step from the same state. */
  const changes = async (optimizer: ReturnType<typeof adam>, given: { weights: number[]; step: number; learningRate: number }[]) => {
    const state = await initial(optimizer, w);
    const compiled = await ort({ threads: 1 }).compile(
      training(optimizer, () => {}),
      { state: tidy(() => mapTree(state, toTensor)) as State },
    );
    const results: number[][] = [];
    for (const { weights, step, learningRate } of given) {
      await compiled.load(state as never);
      await compiled({ ...fixed, weights: hostArray(Float32Array.from(weights)), step: scalar(step), learningRate: scalar(learningRate) });
      const moved = (await compiled.readState()).w as HostArray;
      results.push(Array.from(moved.data, (value, i) => value - w.data[i]!));
    }
    compiled.dispose();
    return results;
  };
  const close = (got: number[], wanted: (i: number) => number) => got.forEach((value, i) => void expect(value).toBeCloseTo(wanted(i), 5));

  const [a, b, both, twice] = (await changes(sgd() as never, [
    { weights: [1, 0], step: 0, learningRate: 0.1 },
    { weights: [0, 1], step: 0, learningRate: 0.1 },
    { weights: [2, 3], step: 0, learningRate: 0.1 },
    { weights: [1, 0], step: 0, learningRate: 0.2 },
  ])) as [number[], number[], number[], number[]];
  expect(Math.max(...a.map(Math.abs), ...b.map(Math.abs))).toBeGreaterThan(0.01);
  close(both, (i) => 2 * a[i]! + 3 * b[i]!);
  close(twice, (i) => 2 * a[i]!);

  // From moments of zero Adam's first update is −rate·sign(g); the bias corrections of step t change it by a known factor.
  const [first, tenth] = (await changes(adam(), [
    { weights: [1, 1], step: 0, learningRate: 0.1 },
    { weights: [1, 1], step: 9, learningRate: 0.1 },
  ])) as [number[], number[]];
  const factor = (t: number) => 0.1 / (1 - 0.9 ** (t + 1)) / Math.sqrt(0.001 / (1 - 0.999 ** (t + 1)));
  close(first, (i) => 0.1 * Math.sign(first[i]!));
  close(tenth, (i) => first[i]! * factor(9));
});

test('a number of the program, unlike an input, is part of the compiled step', async () => {
  let factor = 2;
  const step = await ort({ threads: 1 }).compile(
    (state: Record<string, Tensor>, { x }: { x: Tensor }) => ({ state, outputs: { y: mul(x, factor) } }),
    { state: {} },
  );
  const run = async () => [...(await step({ x: scalar(3) })).y.data];
  expect(await run()).toEqual([6]);
  factor = 5;
  expect(await run()).toEqual([6]);
  step.dispose();
});
