import { type HostArray, hostArray, hostRandom } from '@taskloom/core';
import { add, div, mul, reshape, type Scalar, sqrt, square, type Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { optimized } from '../../src/passes';
import { scalarFactors } from '../../src/passes/scalar-factors';
import { trace } from '../../src/trace/trace';
import { operators } from '../operators';
import { expectParity, type Step } from '../parity';

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).uniform(shape.reduce((a, b) => a * b, 1)), shape);
const inputs = { x: draw('x', 20, 3), y: draw('y', 20, 3), s: draw('s'), t: draw('t') };
type Inputs = { readonly [name in keyof typeof inputs]: Tensor };

/** Operators on whole arrays without and with the pass, and that the numbers are those of eager steps. */
async function passes(fn: (inputs: Inputs) => { readonly [name: string]: Tensor }) {
  const step = ((state: object, given: Inputs) => ({ state, outputs: fn(given) })) as never as Step;
  const traced = trace(step, {}, inputs as unknown as Record<string, HostArray>);
  await expectParity(step, {}, [inputs]);
  const onArrays = (chosen: Parameters<typeof optimized>[1]) => {
    const { Mul = 0, Div = 0 } = operators(optimized(traced, chosen));
    return { Mul, Div };
  };
  return [onArrays([]), onArrays([scalarFactors])];
}

test('products and quotients with scalars one after another are one', async () => {
  // Of two operators on arrays one is left; the other is on scalars.
  for (const fn of [
    ({ x, s, t }: Inputs) => mul(mul(x, s), t),
    ({ x, s, t }: Inputs) => mul(s, div(x, t)),
    ({ x, s, t }: Inputs) => div(mul(s, x), t),
    ({ x, s, t }: Inputs) => div(div(x, s), reshape(t, [1, 1])),
  ]) {
    const step = ((state: object, given: Inputs) => ({ state, outputs: { out: fn(given) } })) as never as Step;
    const { out } = optimized(trace(step, {}, inputs as never), [scalarFactors]).outputs as never as {
      out: { producer: { op: string; inputs: { input?: string }[] } };
    };
    expect(out.producer.op).toBe('Mul');
    expect(out.producer.inputs[0]!.input).toBe('inputs/x');
    await passes((given) => ({ out: fn(given) }));
  }
});

test('a factor of a quotient goes to the one before it', async () => {
  const [before, after] = await passes(({ x, y, s, t }) => ({ out: mul(div(mul(x, s), add(sqrt(y), 1)), t) }));
  expect(before).toEqual({ Mul: 2, Div: 1 });
  expect(after).toEqual({ Mul: 2, Div: 1 }); // one of the products is of the scalars
  const numbers = await passes(({ x, y }) => ({ out: mul(div(mul(x, 3), add(sqrt(y), 1)), 5) }));
  expect(numbers).toEqual([
    { Mul: 2, Div: 1 },
    { Mul: 1, Div: 1 },
  ]);
});

test('not where something else reads the quotient', async () => {
  const step = ({ x, y }: Inputs) => {
    const quotient = div(mul(x, 3), add(y, 1)) as Tensor;
    return { quotient, out: mul(quotient, 5) };
  };
  expect(await passes(step)).toEqual([
    { Mul: 2, Div: 1 },
    { Mul: 2, Div: 1 },
  ]);
});

test('products of arrays, and broadcast scalars that give a product its shape, are left alone', async () => {
  const step = ({ x, y, s, t }: Inputs) => ({ a: mul(mul(x, y), square(x)), b: mul(mul(s as Scalar, t), reshape(s, [1, 1])) });
  const [before, after] = await passes(step);
  expect(after).toEqual(before);
});
