import {
  add,
  cast,
  cos,
  cosh,
  div,
  exp,
  greaterEqual,
  lessEqual,
  logicalAnd,
  minimum,
  mul,
  neg,
  reciprocal,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  step,
  sub,
  type Tensor,
  tan,
  tanh,
} from '@tensorflow/tfjs-core';
import { type Attributes, constant, outputOr, type Rule, type Rules } from './rule';

type Factor = (x: Tensor, attributes: Attributes) => Tensor;

/** dx = dy · f′(x), with f′ written in terms of the input. */
function ofInput(factor: Factor): Rule {
  return { inputs: ['x'], gradient: (dy, [x], attributes) => ({ x: () => mul(dy, factor(x!, attributes)) }) };
}

/** dx = dy · f′(x), with f′ written in terms of the output y = f(x). */
function ofOutput(f: (x: Tensor) => Tensor, factor: (y: Tensor, x: Tensor) => Tensor): Rule {
  return {
    inputs: ['x'],
    outputs: [true],
    gradient: (dy, [x, y]) => ({
      x: () =>
        mul(
          dy,
          factor(
            outputOr(y, () => f(x!)),
            x!,
          ),
        ),
    }),
  };
}

/** dx = dy · mask, where the mask is constant almost everywhere. */
function ofMask(mask: Factor): Rule {
  return ofInput((x, attributes) => constant(() => mask(x, attributes)));
}

const between = (x: Tensor, low: number, high: number) => cast(logicalAnd(greaterEqual(x, low), lessEqual(x, high)), 'float32');
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** 1 for x > 0, `below`·eˣ else, where eˣ cannot overflow. */
function exponentialBelowZero(x: Tensor, below: number): Tensor {
  const positive = constant(() => step(x));
  return add(positive, mul(sub(1, positive), mul(exp(minimum(x, 0)), below)));
}

export const unaryRules: Rules = {
  Abs: ofMask((x) => sign(x)),
  Acos: ofInput((x) => neg(rsqrt(sub(1, square(x))))),
  Acosh: ofInput((x) => rsqrt(sub(square(x), 1))),
  Asin: ofInput((x) => rsqrt(sub(1, square(x)))),
  Asinh: ofInput((x) => rsqrt(add(1, square(x)))),
  Atan: ofInput((x) => reciprocal(add(1, square(x)))),
  Atanh: ofInput((x) => reciprocal(sub(1, square(x)))),
  ClipByValue: ofMask((x, { clipValueMin, clipValueMax }) => between(x, clipValueMin as number, clipValueMax as number)),
  Cos: ofInput((x) => neg(sin(x))),
  Cosh: ofInput((x) => sinh(x)),
  Elu: ofInput((x) => exponentialBelowZero(x, 1)),
  Erf: ofInput((x) => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  Exp: ofOutput(exp, (y) => y),
  Expm1: ofInput(exp),
  LeakyRelu: ofMask((x, { alpha }) => step(x, alpha as number)),
  Log: { inputs: ['x'], gradient: (dy, [x]) => ({ x: () => div(dy, x!) }) },
  Log1p: { inputs: ['x'], gradient: (dy, [x]) => ({ x: () => div(dy, add(x!, 1)) }) },
  Neg: { inputs: [], gradient: (dy) => ({ x: () => neg(dy) }) },
  Reciprocal: ofOutput(reciprocal, (y) => neg(square(y))),
  Relu: ofMask((x) => step(x)),
  Relu6: ofMask((x) => mul(step(x), cast(lessEqual(x, 6), 'float32'))),
  Rsqrt: ofOutput(rsqrt, (y) => mul(mul(y, square(y)), -0.5)),
  Selu: ofInput((x) => mul(exponentialBelowZero(x, seluAlpha), seluScale)),
  Sigmoid: ofOutput(sigmoid, (y) => mul(y, sub(1, y))),
  Sin: ofInput(cos),
  Sinh: ofInput(cosh),
  Softplus: ofInput(sigmoid),
  Sqrt: {
    inputs: ['x'],
    outputs: [true],
    gradient: (dy, [x, y]) => ({
      x: () =>
        div(
          mul(dy, 0.5),
          outputOr(y, () => sqrt(x!)),
        ),
    }),
  },
  Square: ofInput((x) => mul(x, 2)),
  Tan: ofOutput(tan, (y) => add(1, square(y))),
  Tanh: ofOutput(tanh, (y) => sub(1, square(y))),
};
