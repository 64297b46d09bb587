import type { Graph } from '../graph/graph';
import { splatOf, type Value } from '../graph/value';
import { number, promoted, throughFloat, truncated } from './numeric';
import type { KernelRule, KernelRules } from './rule';

const binary =
  (op: string): KernelRule =>
  (graph, { a, b }) =>
    graph.binary(op, ...promoted(graph, a!, b!));

const not = (graph: Graph, x: Value) => graph.op('Not', [x], x);
const compared = (graph: Graph, op: string, a: Value, b: Value | number) =>
  graph.binary(op, a, typeof b === 'number' ? graph.splat(b, [], a.dtype) : b, 'bool');

/**
 * An integer division, which the processor refuses for b = 0 and for −2³¹ / −1: b = 0 and b = −1 take `otherwise` and 1 is divided by instead.
 */
function divided(graph: Graph, b: Value, divide: (b: Value) => Value, otherwise: Value): Value {
  const known = splatOf(b);
  if (known !== undefined && known !== 0 && known !== -1) return divide(b);
  const special = graph.binary('Or', compared(graph, 'Equal', b, 0), compared(graph, 'Equal', b, -1), 'bool');
  return graph.where(special, otherwise, divide(graph.where(special, graph.splat(1, [], 'int32'), b)));
}

/** ⌊a/b⌋ of int32; a/0 is stored as 0. */
function floorDivision(graph: Graph, a: Value, b: Value): Value {
  const divide = (divisor: Value) => {
    const quotient = graph.binary('Div', a, divisor);
    const rest = graph.binary('Sub', a, graph.binary('Mul', quotient, divisor));
    const opposite = graph.binary('Xor', compared(graph, 'Less', rest, 0), compared(graph, 'Less', divisor, 0), 'bool');
    const below = graph.binary('And', not(graph, compared(graph, 'Equal', rest, 0)), opposite, 'bool');
    return graph.binary('Sub', quotient, graph.cast(below, 'int32'));
  };
  return divided(graph, b, divide, graph.binary('Mul', a, b));
}

/** The remainder with the sign of b. tfjs: a % b where both have one sign, (a % b + b) % b else. */
function modulo(graph: Graph, a: Value, b: Value): Value {
  if (a.dtype === 'int32') return divided(graph, b, (divisor) => graph.binary('Mod', a, divisor), graph.splat(0, [], 'int32'));
  const rest = (x: Value) => {
    const shape = graph.binary('Add', x, b).shape;
    return graph.op('Mod', [x, b], { shape, dtype: 'float32' }, { fmod: 1 });
  };
  const plain = rest(a);
  const oneSign = not(graph, graph.binary('Xor', compared(graph, 'Less', a, 0), compared(graph, 'Less', b, 0), 'bool'));
  return graph.where(oneSign, plain, rest(graph.binary('Add', plain, b)));
}

/** The angle of (x, y): atan(y/x), half a turn further where x < 0. */
function atan2(graph: Graph, y: Value, x: Value): Value {
  const onAxis = compared(graph, 'Equal', x, 0);
  const zero = graph.splat(0);
  // −0 would turn the sign of the quotient.
  const angle = graph.unary('Atan', graph.binary('Div', y, graph.where(onAxis, zero, x)));
  const known = graph.where(graph.binary('And', onAxis, compared(graph, 'Equal', y, 0), 'bool'), zero, angle);
  const turn = graph.where(compared(graph, 'Less', y, 0), graph.splat(-Math.PI), graph.splat(Math.PI));
  return graph.binary('Add', known, graph.where(compared(graph, 'Less', x, 0), turn, zero));
}

export const binaryRules: KernelRules = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  AddN: (graph, inputs) => {
    const values = Object.values(inputs).map((value) => number(graph, value));
    const [first, ...rest] = values as [Value, ...Value[]];
    if (first.dtype === 'float32' && values.length > 2) return graph.op('Sum', values, first);
    return rest.reduce((sum, value) => graph.binary('Add', sum, value), first);
  },
  Atan2: (graph, { a, b }) => {
    const [y, x] = promoted(graph, a!, b!);
    return y.dtype === 'float32' ? atan2(graph, y, x) : truncated(graph, atan2(graph, graph.cast(y, 'float32'), graph.cast(x, 'float32')));
  },
  BitwiseAnd: (graph, { a, b }) => graph.binary('BitwiseAnd', a!, b!),
  FloorDiv: (graph, { a, b }) => {
    const [x, y] = promoted(graph, a!, b!);
    return x.dtype === 'float32' ? truncated(graph, graph.unary('Floor', graph.binary('Div', x, y))) : floorDivision(graph, x, y);
  },
  Mod: (graph, { a, b }) => modulo(graph, ...promoted(graph, a!, b!)),
  Pow: (graph, { a, b }) => {
    const [base, exponent] = promoted(graph, a!, b!);
    const power = graph.binary('Pow', base, exponent);
    if (base.dtype === 'float32') return power;
    // 0⁻ⁿ is infinite, which is stored as 0.
    const infinite = graph.binary('And', compared(graph, 'Equal', base, 0), compared(graph, 'Less', exponent, 0), 'bool');
    return graph.where(infinite, graph.splat(0, [], 'int32'), power);
  },
  RealDiv: (graph, { a, b }) => {
    const [x, y] = promoted(graph, a!, b!);
    if (x.dtype === 'float32') return graph.binary('Div', x, y);
    const divisor = graph.cast(y, 'float32');
    return throughFloat(graph, x, (value) => graph.binary('Div', value, divisor));
  },
  SquaredDifference: (graph, { a, b }) => {
    const difference = graph.binary('Sub', ...promoted(graph, a!, b!));
    return graph.binary('Mul', difference, difference);
  },
};
