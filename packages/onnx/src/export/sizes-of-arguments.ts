import type { Value } from '../graph/value';
import type { Aligned } from './align';
import { elementsOf } from './constants';
import { isFixed, type Numbers, type RuntimeSizes } from './runtime-sizes';

/** The end that a slice over the rest of an axis has, whatever its size. */
const theEnd = 2147483647;

/** Which argument of an operator says sizes that may be written as ONNX's 0, 1, −1 or "the end" instead of being computed. */
const sizeArgument: { readonly [op: string]: number } = { Reshape: 1, Expand: 1, Slice: 2 };

/** Whether argument `i` is one that `mergeSizes` writes. */
export function saysSizes(op: string, i: number, argument: Value): boolean {
  return sizeArgument[op] === i && argument.constant !== undefined;
}

/** The argument of `op` that says sizes, with as few computed numbers as can be. `argument(0)` is what it is applied to, `x` its merged value. */
export function mergeSizes(op: string, sizes: RuntimeSizes, argument: (i: number) => Aligned, x: Value): Value {
  const wanted = vectorOf(argument(sizeArgument[op]!));
  const given = argument(0)[0]!.shape.map((_, axis): Numbers => argument(0).map(({ shape }) => shape[axis]!));
  // What the traces do not tell may be an axis of the argument itself.
  const known = (at: number) => {
    const axis = given.findIndex((numbers) => agree(wanted[at]!, numbers));
    return axis < 0 ? undefined : sizes.of(x, axis);
  };
  return sizes.vector(written(op, wanted, given, argument), op, known);
}

function written(op: string, wanted: readonly Numbers[], given: readonly Numbers[], argument: (i: number) => Aligned): readonly Numbers[] {
  switch (op) {
    case 'Expand': {
      const before = wanted.length - given.length;
      return wanted.map((numbers, axis) => (agree(numbers, given[axis - before]) ? all(numbers, 1) : numbers));
    }
    case 'Slice': {
      const axes = vectorOf(argument(3)).map(([axis]) => axis!);
      return wanted.map((numbers, i) => (!isFixed(numbers) && agree(numbers, given[axes[i]!]) ? all(numbers, theEnd) : numbers));
    }
    default: {
      if (wanted.some(([size]) => size === 0)) return wanted;
      const copied = wanted.map((numbers, axis) => (!isFixed(numbers) && agree(numbers, given[axis]) ? all(numbers, 0) : numbers));
      // One that differs may stay open; the others are computed.
      const open = copied.findLastIndex((numbers) => !isFixed(numbers));
      return copied.map((numbers, axis) => (axis === open ? all(numbers, -1) : numbers));
    }
  }
}

function vectorOf(vector: Aligned): Numbers[] {
  const arrays = vector.map(elementsOf);
  return Array.from(arrays[0]!, (_, i) => arrays.map((array) => array[i]!));
}

function agree(a: Numbers, b: Numbers | undefined): boolean {
  return b !== undefined && a.every((n, k) => n === b[k]);
}

function all(numbers: Numbers, value: number): Numbers {
  return numbers.map(() => value);
}
