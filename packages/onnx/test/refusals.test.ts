import '@tensorflow/tfjs-backend-cpu';
import { fileURLToPath } from 'node:url';
import { hostArray, random, run, TaskloomError } from '@taskloom/core';
import { dense, dropout, sequential } from '@taskloom/core/modules';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ort } from '../src/index';

type Inputs = { x: tf.Tensor };

beforeAll(() => tf.setBackend('cpu'));

/** What the first call of a compiled step throws. */
async function refusal(body: (x: tf.Tensor) => tf.Tensor): Promise<TaskloomError> {
  const step = await ort({ threads: 1 }).compile(
    (state: Record<string, tf.Tensor>, { x }: Inputs) => ({ state, outputs: { y: body(x) } }),
    {
      state: {},
    },
  );
  const error: unknown = await step({ x: hostArray(Float32Array.of(1, 2, 3)) }).then(
    () => expect.fail('the step was compiled'),
    (reason: unknown) => reason,
  );
  step.dispose();
  expect(error).toBeInstanceOf(TaskloomError);
  return error as TaskloomError;
}

/** The line of this file on which the caller stands. */
const lineHere = (offset = 0) => Number(/refusals\.test\.ts:(\d+)/.exec(new Error().stack!.split('\n')[2]!)![1]) + offset;

test('an op without a rule: its name, the line that calls it and the ways out', async () => {
  let line = 0;
  const error = await refusal((x) => {
    line = lineHere(1);
    return tf.unique(x).values;
  });
  expect(error.code).toBe('not_traceable');
  expect(error.details.name).toBe('Unique');
  expect(error.message).toContain("'Unique'");
  expect(error.message).toContain(`refusals.test.ts:${line}:`);
  for (const way of ['other ops', 'hostCall', 'eager()', 'docs/compiled-ops.md']) expect(error.message).toContain(way);
});

describe('the line is found', () => {
  /** A function that stands in a file. */
  const inFile = (file: string, code: string) => new Function('tf', 'x', 'inner', `${code}\n//# sourceURL=${file}`);
  const unique = 'return tf.unique(x).values;';

  test.each(['/home/ada/my-tfjs-app/src/step.js', '/home/ada/app/src/tf-step.js', '/home/ada/shop/packages/core/src/step.js'])(
    'in %s',
    async (file) => {
      const body = inFile(file, unique);
      expect((await refusal((x) => body(tf, x))).message).toContain(`${file}:`);
    },
  );

  test.each([
    '/home/ada/app/node_modules/@taskloom/gating/dist/index.js',
    '/home/ada/app/node_modules/.pnpm/@taskloom+maml@1.0.0/node_modules/@taskloom/maml/dist/index.js',
    '/home/ada/app/node_modules/.vite/deps/@taskloom_gating.js',
    '/home/ada/app/node_modules/@tensorflow/tfjs-layers/dist/tf-layers.node.js',
    '/home/ada/app/node_modules/.pnpm/@tensorflow+tfjs-core@4.22.0/tfjs-core/src/engine.ts',
    '/home/ada/app/tfjs-backend-cpu/src/kernels/Unique.ts',
    'C:\\app\\node_modules\\@taskloom\\gating\\dist\\index.js',
    new URL('../../gating/dist/index.js', import.meta.url).href,
    fileURLToPath(new URL('../../gating/src/dispatch.ts', import.meta.url)),
  ])('behind %s', async (file) => {
    const inner = inFile(file, unique);
    const body = inFile('/home/ada/app/src/step.js', 'return inner(tf, x);');
    expect((await refusal((x) => body(tf, x, inner))).message).toContain('/home/ada/app/src/step.js:');
  });
});

test.each([
  ['dataSync', (x: tf.Tensor) => (x.dataSync()[0]! > 0 ? x : tf.neg(x))],
  ['arraySync', (x: tf.Tensor) => tf.mul(x, (x.arraySync() as number[])[0]!)],
])('%s: values do not exist yet', async (_, body) => {
  const error = await refusal(body);
  expect(error.code).toBe('not_traceable');
  expect(error.message).toContain('cannot read the values');
  expect(error.message).toContain('refusals.test.ts:');
  expect(error.message).toContain('hostCall');
});

test.each([
  [
    'data',
    (x: tf.Tensor) => {
      void x.data().then(() => {});
      return tf.neg(x);
    },
  ],
  [
    'booleanMaskAsync',
    (x: tf.Tensor) => {
      void tf.booleanMaskAsync(x, tf.greater(x, 1));
      return tf.neg(x);
    },
  ],
])('%s, though nothing waits for it', async (_, body) => {
  const rejected: unknown[] = [];
  const note = (reason: unknown) => void rejected.push(reason);
  process.on('unhandledRejection', note);
  const error = await refusal(body);
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', note);
  expect(error).toMatchObject({ code: 'not_traceable', message: expect.stringContaining('cannot read the values') });
  expect(rejected).toEqual([]);
});

test('constants can be read', async () => {
  const step = await ort({ threads: 1 }).compile(
    (state: Record<string, tf.Tensor>, { x }: Inputs) => {
      const [two] = tf.add(tf.scalar(1), 1).dataSync();
      return { state, outputs: { y: tf.mul(x, two!) } };
    },
    { state: {} },
  );
  expect([...(await step({ x: hostArray(Float32Array.of(1, 2)) })).y.data]).toEqual([2, 4]);
  step.dispose();
});

test('an async step', async () => {
  const step = await ort({ threads: 1 }).compile(
    (async (state: object, { x }: Inputs) => ({ state, outputs: { y: tf.mul(x, (await x.data())[0]!) } })) as never,
    { state: {} },
  );
  const error = await step({ x: hostArray(Float32Array.of(1)) } as never).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'not_traceable', message: expect.stringContaining('not a promise') });
  step.dispose();
});

describe('random numbers, which would be the same in every step', () => {
  test.each([
    ['dropout', (x: tf.Tensor) => tf.dropout(x, 0.5)],
    ['randomUniform', (x: tf.Tensor) => tf.add(x, tf.randomUniform([3]))],
    ['randomNormal', (x: tf.Tensor) => tf.add(x, tf.randomNormal([3]))],
    ['truncatedNormal', (x: tf.Tensor) => tf.add(x, tf.truncatedNormal([3]))],
    ['multinomial', (x: tf.Tensor) => tf.cast(tf.multinomial(x as tf.Tensor1D, 2), 'float32')],
    ['dropout with a seed', (x: tf.Tensor) => tf.dropout(x, 0.5, undefined, 7)],
    ['randomUniform with a seed', (x: tf.Tensor) => tf.add(x, tf.randomUniform([3], 0, 1, 'float32', 7))],
    ['randomUniformInt with a seed', (x: tf.Tensor) => tf.add(x, tf.randomUniformInt([3], 0, 9, 7))],
    ['randomNormal with a seed', (x: tf.Tensor) => tf.add(x, tf.randomNormal([3], 0, 1, 'float32', 7))],
    ['randomStandardNormal with a seed', (x: tf.Tensor) => tf.add(x, tf.randomStandardNormal([3], 'float32', 7))],
    ['truncatedNormal with a seed', (x: tf.Tensor) => tf.add(x, tf.truncatedNormal([3], 0, 1, 'float32', 7))],
    ['randomGamma with a seed', (x: tf.Tensor) => tf.add(x, tf.randomGamma([3], 2, 1, 'float32', 7))],
    [
      'rand',
      (x: tf.Tensor) =>
        tf.add(
          x,
          tf.rand([3], () => 0.5),
        ),
    ],
    ['multinomial with a seed', (x: tf.Tensor) => tf.cast(tf.multinomial(x as tf.Tensor1D, 2, 7), 'float32')],
    ['Math.random', (x: tf.Tensor) => tf.mul(x, Math.random())],
  ])('%s', async (_, body) => {
    const error = await refusal(body);
    expect(error.code).toBe('not_traceable');
    expect(error.message).toContain('same in every step');
    expect(error.message).toContain('refusals.test.ts:');
    expect(error.message).toContain('`Random`');
  });
});

test('our own draws and initial values are not refused, nor what a step makes of numbers', async () => {
  const step = await ort({ threads: 1 }).compile(
    (state: Record<string, tf.Tensor>, { x }: Inputs) => {
      const ours = random(3);
      const model = sequential([dense({ inputs: 3, units: 3 }), dropout({ rate: 0.5 })]);
      const dropped = run(model, model.init(ours), tf.reshape(x, [1, 3]), {
        training: true,
        random: ours.fold('dropout'),
      }).output;
      const drawn = tf.add(tf.add(ours.uniform([3]), ours.normal([3])), ours.bernoulli(0.5, [3]));
      return { state, outputs: { y: tf.addN([x, drawn, tf.reshape(dropped, [3]), tf.tensor([1, 2, 3]), tf.buffer([3]).toTensor()]) } };
    },
    { state: {} },
  );
  expect([...(await step({ x: hostArray(Float32Array.of(1, 2, 3)) })).y.data].every(Number.isFinite)).toBe(true);
  step.dispose();
});

test('strings and complex numbers', async () => {
  for (const body of [() => tf.cast(tf.equal(tf.tensor(['a']), tf.tensor(['b'])), 'float32'), () => tf.abs(tf.complex([1], [1]))]) {
    const error = await refusal(body);
    expect(error.code).toBe('not_traceable');
  }
});

test('a refusal leaves nothing behind: backend, random numbers, tensors, and the next step compiles', async () => {
  const before = { tensors: tf.memory().numTensors, random: Math.random, limit: Error.stackTraceLimit };
  await refusal((x) => tf.unique(tf.square(x)).values);
  expect(tf.getBackend()).toBe('cpu');
  expect({ tensors: tf.memory().numTensors, random: Math.random, limit: Error.stackTraceLimit }).toEqual(before);
  const step = await ort({ threads: 1 }).compile(
    (state: Record<string, tf.Tensor>, { x }: Inputs) => ({ state, outputs: { y: tf.square(x) } }),
    { state: {} },
  );
  expect([...(await step({ x: hostArray(Float32Array.of(3)) })).y.data]).toEqual([9]);
  step.dispose();
});
