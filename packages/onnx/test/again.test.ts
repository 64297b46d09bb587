import '@tensorflow/tfjs-backend-cpu';
import { again, type HostArray, hostArray, hostCall, hostRandom, type Params, valueAndGradients } from '@taskloom/core';
import { matMul, mean, mul, type Scalar, setBackend, square, type Tensor, type Tensor2D, tanh } from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { lowered } from '../src/run/lowered';
import { trace } from '../src/trace/trace';
import { operators } from './operators';
import { expectParity, type Step } from './parity';

beforeAll(async () => void (await setBackend('cpu')));

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);
const state = { w: draw('w', 6, 6) };
const inputs = { x: draw('x', 40, 6) };

/** A loss, a number that the host makes of it, and that many times the gradient. */
const step = (before: (params: Params) => Params) =>
  ((params: Params, { x }: { x: Tensor2D }) => {
    const loss = (p: Params) => mean(square(tanh(matMul(tanh(matMul(x, p.w as Tensor2D)) as Tensor2D, p.w as Tensor2D)))) as Scalar;
    const [factor] = hostCall([loss(params)], [[]], ([value]) => [Float64Array.of(2 * value![0]!)]) as [Scalar];
    const { gradients } = valueAndGradients((p) => mul(loss(p), factor) as Scalar, before(params));
    return { state: gradients, outputs: { factor } };
  }) as never as Step;

test('what is made of the same parameters again is computed again, and nothing is kept for it', async () => {
  const [shared, apart] = [step((params) => params), step(again)].map((each) => trace(each, state as Record<string, HostArray>, inputs));
  expect([operators(shared!).Tanh, operators(apart!).Tanh]).toEqual([2, 4]);
  // From the first stage to the second: nothing as long as the batch. What the second reads is parameters, inputs and the number.
  const handed = (traced: typeof apart) => {
    const graphs = lowered(traced!, undefined).program.stages.filter(({ kind }) => kind === 'graph');
    return graphs[1]!.inputs.filter((name) => graphs[0]!.outputs.includes(name as never)).length;
  };
  expect(handed(shared)).toBeGreaterThan(0);
  expect(handed(apart)).toBe(0);
  await expectParity(step(again), state, [inputs, inputs]);
});

test('gradients flow through', async () => {
  const nested = ((params: Params, { x }: { x: Tensor2D }) => {
    const inner = (p: Params) => valueAndGradients((q: Params) => mean(tanh(matMul(x, q.w as Tensor2D))) as Scalar, again(p)).gradients;
    const { value, gradients } = valueAndGradients((p: Params) => mean(square(inner(p).w as Tensor)) as Scalar, params);
    return { state: gradients, outputs: { value } };
  }) as never as Step;
  await expectParity(nested, state, [inputs]);
});
