import { TaskloomError } from '@taskloom/core/host';
import type { Graph } from '../graph/graph';
import { type ElementType, sizeOf, type Value } from '../graph/value';
import type { Aligned } from './align';
import { axesBehind, isFixed, type Numbers, namesOf, type RuntimeSizes } from './runtime-sizes';

type Elements = ArrayLike<number> & ArrayBufferView;

/** Vectors up to this length may hold numbers that depend on sizes, such as shapes. */
const mostNumbers = 64;

/** A constant of several traces as a value of the exported graph: itself where all agree, else computed at run time, or cut from what it is at the `largest` sizes. */
export function mergeConstant(graph: Graph, sizes: RuntimeSizes, values: Aligned, place: string, largest?: Value): Value {
  const [base] = values as [Value];
  const fixedShape = values.every(({ shape }) => shape.every((size, axis) => size === base.shape[axis]));
  if (values.every(({ constant }) => constant!.kind === 'splat')) return mergeSplat(graph, sizes, values, place, fixedShape);
  if (!fixedShape) return ramp(graph, sizes, values) ?? leadingBlock(graph, sizes, values, place, largest);
  const arrays = values.map(elementsOf);
  if (arrays.every((array) => sameElements(array, arrays[0]!))) return plain(graph, base, arrays[0]!);
  const whole = base.dtype === 'int32' || base.dtype === 'int64';
  if (!whole || base.shape.length !== 1 || arrays[0]!.length > mostNumbers)
    throw notExportable(sizes, values, place, 'whose values depend on');
  const numbers = Array.from(arrays[0]!, (_, i): Numbers => arrays.map((array) => array[i]!));
  return graph.cast(sizes.vector(numbers, place), base.dtype);
}

function plain(graph: Graph, { shape, dtype }: Value, array: Elements): Value {
  return dtype === 'int64' && shape.length === 1 ? graph.ints(Array.from(array)) : graph.constant(array, shape, dtype);
}

function mergeSplat(graph: Graph, sizes: RuntimeSizes, values: Aligned, place: string, fixedShape: boolean): Value {
  const [base] = values as [Value];
  const numbers = values.map(({ constant }) => (constant as { value: number }).value);
  if (isFixed(numbers) && fixedShape) return graph.splat(numbers[0]!, base.shape, base.dtype);
  const one = isFixed(numbers) ? graph.splat(numbers[0]!, [], base.dtype) : computed(graph, sizes, numbers, base.dtype, place);
  if (base.shape.length === 0) return graph.reshape(one, []);
  const shape = sizes.vector(
    base.shape.map((_, axis) => values.map((value) => value.shape[axis]!)),
    place,
  );
  return graph.op('Expand', [one, shape], base);
}

/** A number that depends on sizes: the size itself, or one divided by it (as in a mean). */
function computed(graph: Graph, sizes: RuntimeSizes, numbers: Numbers, dtype: ElementType, place: string): Value {
  const size = sizes.size(numbers);
  if (size) return graph.cast(size, dtype);
  const counts = numbers.map((n) => Math.round(1 / n));
  const inverse = dtype === 'float32' && numbers.every((n, k) => n === Math.fround(1 / counts[k]!)) ? sizes.size(counts) : undefined;
  if (inverse) return graph.unary('Reciprocal', graph.cast(inverse, dtype));
  const axes = axesBehind(numbers, sizes.points);
  throw new TaskloomError(
    'not_exportable',
    `${place} takes a number that depends on ${namesOf(axes)} in a way that cannot be told from traces.`,
    {
      name: axes.join(', '),
      got: numbers.slice(0, 3),
      remedy: 'Compute it from tensors, or give the axis a fixed size.',
    },
  );
}

/** Numbers that rise by the same step, such as positions 0, 1, 2, …: a Range. */
function ramp(graph: Graph, sizes: RuntimeSizes, values: Aligned): Value | undefined {
  const [base] = values as [Value];
  const arrays = values.map(elementsOf);
  const [start, next] = [arrays[0]![0]!, arrays[0]![1]!];
  const step = next - start;
  const along = base.shape.findIndex((_, axis) => !isFixed(values.map(({ shape }) => shape[axis]!)));
  const oneAxis = base.shape.every((size, axis) => axis === along || size === 1);
  if (base.dtype !== 'int32' || !oneAxis || !arrays.every((array) => rises(array, start, step))) return undefined;
  const count = sizes.size(values.map(({ shape }) => shape[along]!));
  if (!count) return undefined;
  const end = graph.binary('Add', graph.binary('Mul', count, graph.ints([step])), graph.ints([start]));
  const scalar = (n: number) => graph.splat(n, [], 'int64');
  const range = graph.op('Range', [scalar(start), graph.reshape(end, []), scalar(step)], { shape: [base.shape[along]!], dtype: 'int64' });
  const whole = graph.cast(range, 'int32');
  if (base.shape.length === 1) return whole;
  const shape = graph.ints(base.shape.map((_, axis) => (axis === along ? -1 : 1)));
  return graph.op('Reshape', [whole, shape], base);
}

function rises(array: Elements, start: number, step: number): boolean {
  for (let i = 0; i < array.length; i++) if (array[i] !== start + i * step) return false;
  return step !== 0;
}

/** An array such as a table of positions or a causal mask, of which a smaller size sees the first part: kept for the greatest size, cut at run time. */
function leadingBlock(graph: Graph, sizes: RuntimeSizes, values: Aligned, place: string, whole: Value | undefined): Value {
  const { bounded, symbols } = sizes.points;
  const axes = symbols.filter((_, i) => values[1 + i]!.shape.some((size, axis) => size !== values[0]!.shape[axis]));
  if (!whole || axes.some((axis) => !bounded[symbols.indexOf(axis)]))
    throw new TaskloomError(
      'not_exportable',
      `${place} takes a constant array [${values[0]!.shape}] whose size depends on ${namesOf(axes)}.`,
      {
        name: axes.join(', '),
        remedy: `Say the greatest size, maxSizes: { ${axes.map((axis) => `${axis}: …`).join(', ')} }: the array is then kept for it and cut at run time.`,
      },
    );
  const all = elementsOf(whole);
  for (const value of values)
    if (!isBlock(elementsOf(value), value.shape, all, whole.shape)) throw notExportable(sizes, values, place, 'that changes with');
  const changing = whole.shape.flatMap((_, axis) => (isFixed(values.map(({ shape }) => shape[axis]!)) ? [] : [axis]));
  const ends = sizes.vector(
    changing.map((axis) => values.map(({ shape }) => shape[axis]!)),
    place,
  );
  const table = graph.constant(all, whole.shape, whole.dtype);
  return graph.op('Slice', [table, graph.ints(changing.map(() => 0)), ends, graph.ints(changing)], values[0]!);
}

function isBlock(part: Elements, shape: readonly number[], all: Elements, whole: readonly number[]): boolean {
  if (shape.some((size, axis) => size > whole[axis]!)) return false;
  const index = shape.map(() => 0);
  for (let i = 0; i < part.length; i++) {
    const at = index.reduce((sum, n, axis) => sum * whole[axis]! + n, 0);
    if (!Object.is(part[i], all[at])) return false;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return true;
}

export function elementsOf({ constant, shape, dtype }: Value): Elements {
  if (constant!.kind === 'array') return constant!.data;
  return (dtype === 'float32' ? new Float32Array(sizeOf(shape)) : new Int32Array(sizeOf(shape))).fill(constant!.value);
}

function sameElements(a: Elements, b: Elements): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

function notExportable({ points }: RuntimeSizes, values: Aligned, place: string, how: string): TaskloomError {
  const arrays = values.map(elementsOf);
  const axes = points.symbols.filter((_, i) => !sameElements(arrays[1 + i]!, arrays[0]!));
  return new TaskloomError('not_exportable', `${place} takes a constant array [${values[0]!.shape}] ${how} ${namesOf(axes)}.`, {
    name: axes.join(', '),
    remedy: 'Compute it from the inputs, or give the axis a fixed size.',
  });
}
