import type { Graph } from '../graph/graph';
import type { Attributes, Value } from '../graph/value';

/** Writes a node in eight bits; undefined where that does not apply. */
export type Quantize = (
  op: string,
  inputs: readonly (Value | undefined)[],
  shape: readonly number[],
  attributes: Attributes,
) => Value | undefined;

/** A matrix in eight bits, with one scale for each of its rows or columns. */
interface Quantized {
  readonly values: Value;
  readonly scales: Value;
}

/** Rows of a table, of this shape, to which they came by a reshape where there is one. */
interface LookedUp {
  readonly table: Value;
  readonly ids: Value;
  readonly shape: readonly number[];
  readonly reshaped?: Value;
}

/** Tables and matrices of fewer numbers are not worth it. */
const least = 256;

/**
 * The greatest whole number of a row of a table, of a column of a matrix, and of a column of a table whose rows are added up: processors without VNNI add two products of a byte and a
 * signed byte in 16 bits, which holds 2 · 255 · 64 and not 2 · 255 · 127; signs are bytes of at most 2.
 */
const greatest = { rows: 127, columns: 64, sums: 127 };
type Along = keyof typeof greatest;

/**
 * Eight-bit forms of the two operators that read most of a model's numbers. A product with a fixed matrix: its columns become whole numbers with a scale
 * each, and the other side is quantised at run time by its own range. A look-up in a fixed table: its rows the same way, and where the rows are only added up
 * with signs, a bag of features, its columns: the sum is then one of whole numbers, and a quarter of the bytes pass through memory.
 */
export function quantizer(graph: Graph): Quantize {
  const known = { rows: new Map<Value, Quantized>(), columns: new Map<Value, Quantized>(), sums: new Map<Value, Quantized>() };
  const looked = new Map<Value, Pick<LookedUp, 'table' | 'ids'>>();
  const quantized = (matrix: Value, along: Along): Quantized => {
    const found = known[along].get(matrix) ?? quantize(graph, matrix, along);
    known[along].set(matrix, found);
    return found;
  };
  /** The look-up whose rows a value holds, bags of words possibly as one axis of bags. */
  const bagOf = (rows: Value): LookedUp | undefined => {
    const found = looked.get(rows);
    if (found || rows.producer?.op !== 'Reshape') return found && { ...found, shape: rows.shape };
    const [whole, shape] = rows.producer.inputs as [Value, Value];
    const inner = looked.get(whole);
    // What has a scale, a column, stays the last axis.
    return inner && whole.shape.at(-1) === rows.shape.at(-1) ? { ...inner, shape: rows.shape, reshaped: shape } : undefined;
  };
  return (op, [a, b], shape, attributes) => {
    const bag = op === 'MatMul' ? bagOf(b!) : undefined;
    const signs = bag && signsOf(graph, a!);
    if (bag && signs) return signedSum(graph, signs, quantized(bag.table, 'sums'), bag, shape);
    if (op === 'MatMul' && isMatrix(b) && a!.dtype === 'float32' && !a!.constant) return product(graph, a!, quantized(b, 'columns'), shape);
    if (op !== 'Gather' || !isMatrix(a) || (attributes.axis ?? 0) !== 0) return undefined;
    const found = lookUp(graph, quantized(a, 'rows'), b!, shape);
    looked.set(found, { table: a, ids: b! });
    return found;
  };
}

function isMatrix(value: Value | undefined): value is Value {
  if (value?.constant?.kind !== 'array' || value.dtype !== 'float32' || value.shape.length !== 2) return false;
  return value.constant.data.length >= least && (value.constant.data as Float32Array).every(Number.isFinite);
}

function quantize(graph: Graph, { constant, shape }: Value, along: Along): Quantized {
  const [rows, columns] = shape as [number, number];
  const data = (constant as { readonly data: unknown }).data as Float32Array;
  const scaleOf = along === 'rows' ? (i: number) => Math.floor(i / columns) : (i: number) => i % columns;
  const scales = new Float32Array(along === 'rows' ? rows : columns);
  for (let i = 0; i < data.length; i++) scales[scaleOf(i)] = Math.max(scales[scaleOf(i)]!, Math.abs(data[i]!) / greatest[along]);
  const values = Int8Array.from(data, (value, i) => Math.round(value / (scales[scaleOf(i)]! || 1)));
  return {
    values: graph.constant(values, shape, 'int8'),
    scales: graph.constant(scales, along === 'rows' ? [rows, 1] : [columns], 'float32'),
  };
}

function product(graph: Graph, x: Value, { values, scales }: Quantized, shape: readonly number[]): Value {
  const [whole, scale, zero] = graph.node(
    'DynamicQuantizeLinear',
    [x],
    [
      { shape: x.shape, dtype: 'uint8' },
      { shape: [], dtype: 'float32' },
      { shape: [], dtype: 'uint8' },
    ],
  ) as [Value, Value, Value];
  const sums = graph.op('MatMulInteger', [whole, values, zero], { shape, dtype: 'int32' });
  return graph.binary('Mul', graph.cast(sums, 'float32'), graph.binary('Mul', scale, scales));
}

function lookUp(graph: Graph, { values, scales }: Quantized, ids: Value, shape: readonly number[]): Value {
  const found = graph.op('Gather', [values, ids], { shape, dtype: 'int8' }, { axis: 0 });
  const scale = graph.op('Gather', [scales, ids], { shape: [...ids.shape, 1], dtype: 'float32' }, { axis: 0 });
  return graph.binary('Mul', graph.cast(found, 'float32'), scale);
}

/** −1, 0 and 1 as bytes around 1, where that is what a value holds: the signs of numbers, possibly in another shape. */
function signsOf(graph: Graph, value: Value): Value | undefined {
  const { op, inputs } = value.producer ?? {};
  if (op === 'Sign') return graph.cast(graph.binary('Add', value, graph.splat(1)), 'uint8');
  if (op !== 'Reshape') return undefined;
  const inner = signsOf(graph, inputs![0]!);
  return inner && graph.op('Reshape', [inner, inputs![1]], { shape: value.shape, dtype: 'uint8' }, value.producer!.attributes);
}

/** Σ_l ±row_l, exact but for the table's own rounding. */
function signedSum(
  graph: Graph,
  signs: Value,
  { values, scales }: Quantized,
  { ids, shape: of, reshaped }: LookedUp,
  shape: readonly number[],
): Value {
  const found = graph.op('Gather', [values, ids], { shape: [...ids.shape, of.at(-1)!], dtype: 'int8' }, { axis: 0 });
  const rows = reshaped ? graph.op('Reshape', [found, reshaped], { shape: of, dtype: 'int8' }) : found;
  const sums = graph.op('MatMulInteger', [signs, rows, graph.constant(Uint8Array.of(1), [], 'uint8')], { shape, dtype: 'int32' });
  return graph.binary('Mul', graph.cast(sums, 'float32'), scales);
}
