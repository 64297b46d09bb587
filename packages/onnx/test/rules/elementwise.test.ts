import { hostArray } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { test } from 'vitest';
import { booleans, broadcastPairs, floats, integers, shapes } from './arbitrary';
import { expectDerivatives } from './derivatives';
import { each, expectOutputs } from './outputs';

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
const runs = { numRuns: 15 };

/** Functions whose kernels take int32 too. */
const ofAnything = [
  ...['abs', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'exp', 'expm1', 'isFinite', 'isInf', 'isNaN', 'leakyRelu', 'log1p'],
  ...['neg', 'reciprocal', 'relu', 'relu6', 'round', 'selu', 'sign', 'softplus', 'square', 'step'],
];
const ofFloats = ['ceil', 'cos', 'cosh', 'elu', 'erf', 'floor', 'log', 'rsqrt', 'sigmoid', 'sin', 'sinh', 'sqrt', 'tan', 'tanh'];
const unary = (names: readonly string[]) => (x: tf.Tensor) => each(names, (name) => (tf[name as 'abs'] as Unary)(x));
const withNumbers = (x: tf.Tensor) => ({
  step: tf.step(x, -0.75),
  leaky: tf.leakyRelu(x, 0.3),
  clip: tf.clipByValue(x, -1.2, 2.7),
  above: tf.clipByValue(x, -1.2, Number.POSITIVE_INFINITY),
});

test('functions of floats, infinities and zeros of both signs among them', async () => {
  const cases = shapes().chain((shape) => floats(shape, -4, 4, true));
  await fc.assert(
    fc.asyncProperty(cases, (x) =>
      expectOutputs(({ x }) => ({ ...unary([...ofAnything, ...ofFloats])(x!), ...withNumbers(x!), logSigmoid: tf.logSigmoid(x!) }), { x }),
    ),
    runs,
  );
});

test('functions of int32 store what tfjs stores', async () => {
  const cases = shapes().chain((shape) => integers(shape));
  await fc.assert(
    fc.asyncProperty(cases, (x) => expectOutputs(({ x }) => ({ ...unary(ofAnything)(x!), ...withNumbers(x!) }), { x })),
    runs,
  );
});

test('NaN stays NaN, save in sign (tfjs: 0) and step (tfjs: NaN)', async () => {
  const names = [...ofAnything, ...ofFloats].filter((name) => !['sign', 'step'].includes(name));
  const x = hostArray(Float32Array.of(Number.NaN, 1));
  await expectOutputs(
    ({ x }) => ({ ...unary(names)(x!), clip: tf.clipByValue(x!, -1, 1), max: tf.maximum(x!, 0), min: tf.minimum(0, x!) }),
    {
      x,
    },
  );
});

test('digits that 1 + x and eˣ − 1 lose, and tails whose logarithm is taken', async () => {
  const x = hostArray(Float32Array.of(-1e-6, 1e-6, 3e-5, -1e-3, 1e-20));
  const tails = hostArray(Float32Array.of(-17, -18.5, -30, -80));
  // Scaled so that the tolerance is one of relative error.
  await expectOutputs(
    ({ x, tails }) => ({
      expm1: tf.div(tf.expm1(x!), x!),
      log1p: tf.div(tf.log1p(x!), x!),
      sigmoid: tf.log(tf.sigmoid(tails!)),
      softplus: tf.log(tf.softplus(tails!)),
    }),
    { x, tails },
    3e-6,
  );
});

const comparisons = ['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual'] as const;
const arithmetic = ['add', 'sub', 'div', 'floorDiv', 'mod', 'maximum', 'minimum'] as const;
const binary = (names: readonly string[]) => (a: tf.Tensor, b: tf.Tensor) => each(names, (name) => (tf[name as 'add'] as Binary)(a, b));

test('two floats, broadcast', async () => {
  const cases = broadcastPairs.chain(([a, b]) => fc.tuple(floats(a, -4, 4, true), floats(b, -4, 4, true), floats(a), floats(b)));
  await fc.assert(
    fc.asyncProperty(cases, ([a, b, c, d]) =>
      expectOutputs(
        ({ a, b, c, d }) => ({
          ...binary(['add', 'sub', 'mul', 'div', 'floorDiv', 'maximum', 'minimum', ...comparisons, 'squaredDifference', 'divNoNan'])(
            a!,
            b!,
          ),
          // A remainder jumps where a sum of 1e-7 and 2 is rounded.
          ...binary(['mod', 'pow', 'atan2', 'prelu'])(c!, d!),
        }),
        { a, b, c, d },
      ),
    ),
    runs,
  );
});

test('two int32, broadcast: divisors of 0 and −1 and the ends of the type among them', async () => {
  const cases = broadcastPairs.chain(([a, b]) => fc.tuple(integers(a, true), integers(b, true), integers(a), integers(b)));
  await fc.assert(
    fc.asyncProperty(cases, ([a, b, c, d]) =>
      expectOutputs(
        ({ a, b, c, d }) => ({
          ...binary([...arithmetic, ...comparisons])(a!, b!),
          ...binary(['mul', 'squaredDifference', 'pow', 'atan2', 'prelu', 'divNoNan'])(c!, d!),
          bits: tf.bitwiseAnd(a!, a!),
          by: tf.floorDiv(a!, tf.scalar(3, 'int32')),
          remainder: tf.mod(a!, tf.scalar(-4, 'int32')),
        }),
        { a, b, c, d },
        0,
      ),
    ),
    runs,
  );
});

/** `tf.where` broadcasts, but an axis of size 1 not to size 0. */
const choices = (a: tf.Tensor, b: tf.Tensor, f: tf.Tensor, i: tf.Tensor) => ({
  choice: tf.where(a, f, tf.neg(f)),
  ofBooleans: tf.where(a, b, tf.logicalNot(b)),
  ofIntegers: tf.where(b, i, tf.neg(i)),
  mixed: tf.where(b, i, f),
});

test('booleans: logic, comparisons, choices, and one side a number', async () => {
  const cases = broadcastPairs.chain(([a, b]) => fc.tuple(booleans(a), booleans(b), floats(b), integers(a)));
  await fc.assert(
    fc.asyncProperty(cases, ([a, b, f, i]) =>
      expectOutputs(
        ({ a, b, f, i }) => ({
          ...binary(['logicalAnd', 'logicalOr', 'logicalXor', ...comparisons, 'maximum', 'minimum'])(a!, b!),
          not: tf.logicalNot(a!),
          ...(a!.size * b!.size > 0 ? choices(a!, b!, f!, i!) : {}),
          plus: tf.add(a!, f!),
          times: tf.mul(a!, i!),
        }),
        { a, b, f, i },
      ),
    ),
    runs,
  );
});

test('the sum of two booleans counts, in int32 (eagerly a count in a boolean)', async () => {
  const [a, b] = [hostArray(Uint8Array.of(0, 1, 1)), hostArray(Uint8Array.of(1, 1, 0))];
  const number = (x: tf.Tensor) => tf.add(tf.cast(x, 'int32'), tf.scalar(0, 'int32'));
  await expectOutputs(({ a, b }) => ({ sum: number(tf.add(a!, b!)), product: number(tf.mul(a!, b!)) }), { a, b }, 0);
});

test('sums of many', async () => {
  const cases = shapes().chain((shape) => fc.tuple(fc.array(floats(shape), { minLength: 1, maxLength: 4 }), integers(shape)));
  await fc.assert(
    fc.asyncProperty(cases, ([xs, i]) =>
      expectOutputs(
        ({ i, ...xs }) => ({ floats: tf.addN(Object.values(xs)), integers: tf.addN([i!, i!, i!]) }),
        Object.fromEntries([...xs.map((x, n) => [`x${n}`, x] as const), ['i', i] as const]),
      ),
    ),
    runs,
  );
});

/** Away from where a function has no derivative. */
const smooth = (shape: readonly number[]) => floats(shape, 0, 2).map((x) => ({ ...x, data: (x.data as Float32Array).map((v) => v + 0.3) }));

test.each(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'pow', 'atan2', 'prelu', 'squaredDifference'] as const)(
  '%s: derivatives over broadcast axes',
  async (name) => {
    const cases = broadcastPairs.chain(([a, b]) => fc.tuple(smooth(a), smooth(b)));
    await fc.assert(
      fc.asyncProperty(cases, ([a, b]) => expectDerivatives(({ a, b }) => (tf[name] as Binary)(a!, b!), { a, b }, {}, { tolerance: 1e-4 })),
      { numRuns: 8 },
    );
  },
);
