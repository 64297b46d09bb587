import '@tensorflow/tfjs-backend-cpu';
import { hostArray, TaskloomError } from '@taskloom/core';
import { engine, mul, setBackend, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { isTraceable, ort } from '../src/index';

beforeAll(() => setBackend('cpu'));

/** A step that captures a tensor. */
async function runStep(): Promise<number[]> {
  const three = tensor([3]);
  const step = await ort({ threads: 1 }).compile(
    (state: Record<string, Tensor>, { x }: { x: Tensor }) => ({ state, outputs: { y: mul(x, three) } }),
    { state: {} },
  );
  try {
    return [...(await step({ x: hostArray(Float32Array.of(2)) })).y.data];
  } finally {
    step.dispose();
    three.dispose();
  }
}

/** The engine's state but for one member. */
const without = (member: string) =>
  new Proxy(engine().state, { get: (state, name) => (name === member ? undefined : Reflect.get(state, name)) });
const { startScope } = engine();

test.each([
  ['engine().setBackend', 'is gone', { setBackend: () => undefined }],
  ['engine().setBackend', 'changes the backend later', { setBackend: () => async () => true }],
  ['engine().moveData', 'is gone', { moveData: () => undefined }],
  ['engine().moveData', 'moves nothing', { moveData: () => () => {} }],
  ['engine().runKernel', 'is gone', { runKernel: () => undefined }],
  ['engine().state.gradientDepth', 'is gone', { state: () => without('gradientDepth') }],
  ['engine().state.activeScope', 'has no names', { startScope: () => () => startScope.call(engine()) }],
])('%s %s: the version is refused, by name', async (what, _, doctored) => {
  expect(await runStep()).toEqual([6]);
  const [[member, value]] = Object.entries(doctored) as [[string, () => unknown]];
  const former = Object.getOwnPropertyDescriptor(engine(), member);
  Object.defineProperty(engine(), member, { value: value(), configurable: true, writable: true });
  try {
    const error: unknown = await runStep().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TaskloomError);
    expect(error).toMatchObject({ code: 'unsupported_version', details: { name: '@tensorflow/tfjs-core', expected: '4.22' } });
    expect((error as Error).message).toContain(`\`${what}\``);
  } finally {
    if (former) Object.defineProperty(engine(), member, former);
    else Reflect.deleteProperty(engine(), member);
  }
  expect(await runStep()).toEqual([6]);
  expect(isTraceable('Add')).toBe(true);
});

test('within a step, which ops compile can be asked', async () => {
  const step = await ort({ threads: 1 }).compile(
    (state: Record<string, Tensor>, { x }: { x: Tensor }) => ({ state, outputs: { y: isTraceable('Add') ? mul(x, 2) : x } }),
    { state: {} },
  );
  expect([...(await step({ x: hostArray(Float32Array.of(2)) })).y.data]).toEqual([4]);
  step.dispose();
});
