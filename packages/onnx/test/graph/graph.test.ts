import '@tensorflow/tfjs-backend-cpu';
import { type HostArray, hostArray, hostCall, hostRandom, random, run, valueAndGradients } from '@taskloom/core';
import { dropout } from '@taskloom/core/modules';
import {
  add,
  cast,
  clipByValue,
  div,
  equal,
  exp,
  matMul,
  maximum,
  minimum,
  mul,
  neg,
  ones,
  relu,
  relu6,
  reshape,
  type Scalar,
  scalar,
  setBackend,
  slice,
  softmax,
  sqrt,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tanh,
  transpose,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../src/run/program';
import { mapLeaves } from '../../src/trace/leaves';
import { trace } from '../../src/trace/trace';
import { operatorsOf } from '../operators';
import { expectParity } from '../parity';

beforeAll(async () => void (await setBackend('cpu')));

type Inputs = { readonly [name: string]: Tensor };
const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);
const square = { x: draw('x', 4, 4) };

const stepOf = (fn: (inputs: Inputs) => Inputs) => ((_: object, inputs: Inputs) => ({ state: {}, outputs: fn(inputs) })) as never;

/** The operators that are written for outputs of these inputs, before any pass. */
function count(fn: (inputs: Inputs) => Inputs, inputs: { readonly [name: string]: HostArray }): Record<string, number> {
  const traced = trace(stepOf(fn), {}, inputs);
  return operatorsOf(program(traced, (nameOf) => mapLeaves(traced.outputs, nameOf)));
}

/** It computes with these operators and no other, and gives what it gives eagerly. */
async function expectOperators(
  fn: (inputs: Inputs) => Inputs,
  wanted: { readonly [op: string]: number },
  inputs: { readonly [name: string]: HostArray } = square,
): Promise<void> {
  expect(count(fn, inputs)).toEqual(wanted);
  await expectParity(stepOf(fn), {}, [inputs]);
}

test('what two constants are compared to has their shape', async () => {
  const equals = () => cast(equal(ones([1, 1]), ones([1, 1])), 'float32') as Tensor2D;
  const step = stepOf(({ x }) => ({ y: matMul(equals(), slice(x!, 0, 1) as Tensor2D) }));
  await expectParity(step, {}, [square]);
});

describe('constant folding', () => {
  test('what meets constants only is computed when the step is traced', () =>
    expectOperators(({ x }) => ({ y: mul(x!, div(add(scalar(2), scalar(4)), sqrt(neg(scalar(-4))))) }), { Mul: 1 }));

  test('nothing is left of a result that no input has a part in', () =>
    expectOperators(() => ({ y: mul(ones([3, 2]), sub(maximum(scalar(0.1), scalar(0.2)), 0.3)) }), {}));

  test('constants are rounded to the precision of their type', async () => {
    const values = () => ({
      sum: add(scalar(0.1), scalar(0.2)),
      third: div(scalar(1), scalar(3)),
      root: sqrt(scalar(2)),
      wrapped: add(scalar(2_147_483_647, 'int32'), scalar(1, 'int32')),
      truncated: cast(scalar(-1.7), 'int32'),
    });
    expect(count(values, {})).toEqual({});
    await expectParity(stepOf(values), {}, [{}], { tolerance: 0 });
  });

  test('adding 0, multiplying by 1, and moving nothing are not done', () =>
    expectOperators(({ x }) => ({ y: transpose(reshape(div(mul(sub(add(x!, 0), 0), 1), 1), [4, 4]), [0, 1]) }), {}));

  test('where an operand has another value, or broadcasts, they are', () =>
    expectOperators(
      ({ x, row }) => ({ a: add(x!, 1), b: mul(row!, ones([4, 4])) }),
      { Add: 1, Mul: 1 },
      { ...square, row: draw('row', 4) },
    ));
});

describe('dead code', () => {
  test('is no part of the graph', () =>
    expectOperators(
      ({ x }) => {
        const unused = softmax(matMul(x!, x!));
        expect(unused.shape).toEqual([4, 4]);
        return { y: tanh(x!) };
      },
      { Tanh: 1 },
    ));

  test('nor is a gradient that nobody takes', () => {
    const losses = ({ x, w }: Inputs) => sum(tanh(matMul(x!, w!))) as Scalar;
    const gradients = (names: readonly string[]) =>
      count(
        (inputs) => {
          const made = valueAndGradients(losses, inputs).gradients;
          return Object.fromEntries(names.map((name) => [name, made[name]!]));
        },
        { x: draw('x', 4, 3), w: draw('w', 3, 2) },
      );
    expect(gradients(['x', 'w']).MatMul).toBe(3);
    expect(gradients(['w']).MatMul).toBe(2);
  });
});

describe('transposes', () => {
  const cube = { x: draw('cube', 2, 3, 4) };
  test('that undo each other vanish', () => expectOperators(({ x }) => ({ y: transpose(transpose(x!, [2, 0, 1]), [1, 2, 0]) }), {}, cube));
  test('in a row are one', () =>
    expectOperators(({ x }) => ({ y: transpose(transpose(transpose(x!, [2, 0, 1]), [0, 2, 1]), [1, 0, 2]) }), { Transpose: 1 }, cube));
  test('that move only axes of size 1 are reshapes, and these are joined', () =>
    expectOperators(({ x }) => ({ y: transpose(reshape(x!, [1, 16]), [1, 0]) }), { Reshape: 1 }));
  test('that a product asks for are joined with those before it', () =>
    expectOperators(({ x }) => ({ y: matMul(transpose(x!), x!, true) }), { MatMul: 1 }));
  test('of a repeated constant are not done', () => expectOperators(() => ({ y: transpose(ones([2, 3])) }), {}));
});

describe('common sub-expressions', () => {
  test('are computed once, however often they are written', () =>
    expectOperators(({ x }) => ({ a: add(tanh(matMul(x!, x!)), 1), b: exp(tanh(matMul(x!, x!))) }), {
      MatMul: 1,
      Tanh: 1,
      Add: 1,
      Exp: 1,
    }));

  test('equal constants are one operand', () => expectOperators(({ x }) => ({ a: add(x!, 0.5), b: add(x!, scalar(0.5)) }), { Add: 1 }));

  test('what differs by an attribute, the order of operands or a type stays apart', () =>
    expectOperators(
      ({ x, y }) => ({
        rows: sum(x!, 0, true),
        columns: sum(x!, 1, true),
        one: matMul(x!, y!),
        other: matMul(y!, x!),
        whole: cast(x!, 'int32'),
        truth: cast(x!, 'bool'),
      }),
      { ReduceSum: 2, MatMul: 2, Cast: 2 },
      { ...square, y: draw('y', 4, 4) },
    ));

  test('computations on the host may have effects, and are not shared', () => {
    const twice = ({ x }: Inputs) => hostCall([x!], [[16]], ([values]) => [values!])[0]!;
    expect(count((inputs) => ({ a: twice(inputs), b: twice(inputs) }), square)).toEqual({ HostCall: 2 });
  });
});

describe('masks', () => {
  /** Of Σ f(x)·y with respect to x: the mask is multiplied with y. */
  const gradient =
    (f: (x: Tensor) => Tensor) =>
    ({ x, y }: Inputs) => ({
      x: valueAndGradients(({ leaf }: { leaf: Tensor }) => sum(mul(f(leaf), y!)) as Scalar, { leaf: x! }).gradients.leaf,
    });
  const inputs = { x: draw('x', 5, 6), y: draw('y', 5, 6) };

  test.each<[string, (x: Tensor) => Tensor, { readonly [op: string]: number }]>([
    ['relu', relu, { Greater: 1, Cast: 1, Mul: 1 }],
    ['relu6', relu6, { Greater: 1, LessOrEqual: 1, Cast: 2, Mul: 2 }],
    ['maximum', (x) => maximum(x, 0.5), { GreaterOrEqual: 1, Cast: 1, Mul: 1 }],
    ['minimum', (x) => minimum(x, 0.5), { LessOrEqual: 1, Cast: 1, Mul: 1 }],
    ['clipByValue', (x) => clipByValue(x, -1, 1), { GreaterOrEqual: 1, LessOrEqual: 1, And: 1, Cast: 1, Mul: 1 }],
  ])('of the gradient of %s are multiplied, not chosen by', (_, f, wanted) => expectOperators(gradient(f), wanted, inputs));

  test('dropout’s is one for forward and backward pass, and is multiplied', () => {
    const dropped = ({ x, y, key }: Inputs) => {
      const apply = (leaf: Tensor) =>
        run(dropout({ rate: 0.5 }), {}, leaf, { training: true, random: random(key as Tensor1D) }).output as Tensor;
      return valueAndGradients(({ leaf }: { leaf: Tensor }) => sum(mul(apply(leaf), y!)) as Scalar, { leaf: x! });
    };
    const given = { ...inputs, key: hostArray(Int32Array.of(1, 2)) };
    const forward = count((fed) => ({ value: dropped(fed).value }), given);
    expect(forward.Random).toBeGreaterThan(0);
    // Mask · y is what the gradient adds.
    expect(count((fed) => ({ value: dropped(fed).value, x: dropped(fed).gradients.leaf }), given)).toEqual({
      ...forward,
      Mul: forward.Mul! + 1,
    });
  });
});
