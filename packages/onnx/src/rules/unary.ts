import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { float, number, throughFloat } from './numeric';
import type { KernelRule, KernelRules } from './rule';

/** An operator that ORT has for int32 too. */
const direct =
  (op: string): KernelRule =>
  (graph, { x }) =>
    graph.unary(op, number(graph, x!));

const ofFloat =
  (compute: (graph: Graph, x: Value) => Value): KernelRule =>
  (graph, { x }) =>
    throughFloat(graph, x!, (value) => compute(graph, value));

const named = (op: string): KernelRule => ofFloat((graph, x) => graph.unary(op, x));

/** Whole numbers are their own floor, ceiling and rounded value. */
const rounding =
  (op: string): KernelRule =>
  (graph, { x }) =>
    x!.dtype === 'float32' ? graph.unary(op, x!) : x!;

const scalar = (graph: Graph, value: number) => graph.splat(value);
const plusOne = (graph: Graph, x: Value) => graph.binary('Add', x, scalar(graph, 1));

/**
 * ln(1 + x) without the digits that 1 + x loses: with v = 1 + x as rounded, ln(1 + x) = ln v + (x − (v − 1))/v to first order. The correction is
 * computed of x within [−1, 2²⁴], beyond which it is nothing and infinities would meet.
 */
export function log1p(graph: Graph, x: Value): Value {
  const near = graph.op('Clip', [x, scalar(graph, -1), scalar(graph, 16777216)], x);
  const rounded = plusOne(graph, near);
  const lost = graph.binary('Sub', near, graph.binary('Sub', rounded, scalar(graph, 1)));
  const correction = graph.binary('Div', lost, graph.binary('Max', rounded, scalar(graph, 1e-30)));
  return graph.binary('Add', graph.unary('Log', plusOne(graph, x)), correction);
}

/** eˣ − 1 = tanh(x/2) · (eˣ + 1), which loses no digits near 0. */
function expm1(graph: Graph, x: Value): Value {
  const half = graph.unary('Tanh', graph.binary('Mul', x, scalar(graph, 0.5)));
  return graph.binary('Mul', half, plusOne(graph, graph.unary('Exp', x)));
}

/** 1/(1 + e⁻ˣ). ORT's Sigmoid is 0 from −18 down, which makes its logarithm infinite. */
export function sigmoid(graph: Graph, x: Value): Value {
  return graph.unary('Reciprocal', plusOne(graph, graph.unary('Exp', graph.unary('Neg', x))));
}

/** max(x, 0) + ln(1 + e^−|x|): as exact as tfjs with its thresholds, and a quarter of the time of ORT's Softplus. */
function softplus(graph: Graph, x: Value): Value {
  const decaying = graph.unary('Exp', graph.unary('Neg', graph.unary('Abs', x)));
  return graph.binary('Add', graph.unary('Relu', x), log1p(graph, decaying));
}

const whether =
  (op: string): KernelRule =>
  (graph, { x }) =>
    x!.dtype === 'float32' ? graph.op(op, [x!], { shape: x!.shape, dtype: 'bool' }) : graph.splat(0, x!.shape, 'bool');

const greatestFloat = 3.4028234663852886e38;

export const unaryRules: KernelRules = {
  Abs: direct('Abs'),
  Neg: direct('Neg'),
  Sign: direct('Sign'),
  Ceil: rounding('Ceil'),
  Floor: rounding('Floor'),
  Round: rounding('Round'),
  ...Object.fromEntries(
    [
      'Acos',
      'Acosh',
      'Asin',
      'Asinh',
      'Atan',
      'Atanh',
      'Cos',
      'Cosh',
      'Erf',
      'Log',
      'Reciprocal',
      'Sin',
      'Sinh',
      'Sqrt',
      'Tan',
      'Tanh',
    ].map((op) => [op, named(op)]),
  ),
  Exp: (graph, { x }) => graph.unary('Exp', float(graph, x!)),
  Expm1: ofFloat(expm1),
  Log1p: ofFloat(log1p),
  Sigmoid: ofFloat(sigmoid),
  Softplus: ofFloat(softplus),
  Rsqrt: ofFloat((graph, x) => graph.unary('Reciprocal', graph.unary('Sqrt', x))),
  Square: (graph, { x }) => {
    const value = number(graph, x!);
    return graph.binary('Mul', value, value);
  },
  IsNan: whether('IsNaN'),
  IsInf: whether('IsInf'),
  // NaN is not less than anything.
  IsFinite: (graph, { x }) => {
    const value = number(graph, x!);
    if (value.dtype !== 'float32') return graph.splat(1, value.shape, 'bool');
    return graph.binary('LessOrEqual', graph.unary('Abs', value), scalar(graph, greatestFloat), 'bool');
  },
};
