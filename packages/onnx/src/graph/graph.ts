import { TaskloomError } from '@taskloom/core/host';
import { foldBinary, foldUnary } from './fold';
import { type Attributes, type ElementType, type HostComputation, type Node, sameShape, sizeOf, splatOf, type Value } from './value';

export interface Result {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

/** Elements up to which constants are compared by value. */
const comparable = 64;

/**
 * Builds a graph of values. Equal nodes are made once (so that what several task gradients have in common is computed once), and operations that
 * change nothing or meet only repeated constants are not made at all. All shapes are static.
 */
export class Graph {
  readonly inputs: Value[] = [];
  #count = 0;
  readonly #nodes = new Map<string, readonly Value[]>();
  readonly #constants = new Map<string, Value>();
  readonly #arrays = new WeakMap<object, Value[]>();
  /** All that was made, in order: what a value is follows from it. */
  readonly #record: (string | Uint8Array)[] = [];

  /** What two graphs share that were built alike, in parts of any size. */
  record(): readonly (string | Uint8Array)[] {
    return [...this.#record];
  }

  input(name: string, shape: readonly number[], dtype: ElementType): Value {
    this.#record.push(`input ${JSON.stringify(name)} ${dtype}[${shape}]\n`);
    const value: Value = { id: this.#count++, shape: [...shape], dtype, input: name };
    this.inputs.push(value);
    return value;
  }

  /** A constant array; one whose elements are all equal becomes a splat. */
  constant(data: ArrayLike<number> & ArrayBufferView, shape: readonly number[], dtype: ElementType): Value {
    const first = data[0];
    let repeated = first !== undefined;
    for (let i = 1; repeated && i < data.length; i++) repeated = Object.is(data[i], first);
    if (repeated) return this.splat(first!, shape, dtype);
    const make = (): Value => ({ id: this.#count++, shape: [...shape], dtype, constant: { kind: 'array', data } });
    if (data.length <= comparable) return this.#once(`${dtype}[${shape}]${Array.from(data).join()}`, make);
    const known = this.#arrays.get(data) ?? [];
    const found = known.find((value) => value.dtype === dtype && sameShape(value.shape, shape));
    if (found) return found;
    const value = make();
    this.#record.push(`${dtype}[${shape}]\n`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#arrays.set(data, [...known, value]);
    return value;
  }

  /** A constant that is one number everywhere. */
  splat(value: number, shape: readonly number[] = [], dtype: ElementType = 'float32'): Value {
    return this.#once(`${dtype}[${shape}]=${Object.is(value, -0) ? '-0' : value}`, () => ({
      id: this.#count++,
      shape: [...shape],
      dtype,
      constant: { kind: 'splat', value },
    }));
  }

  /** An int64 vector: shapes, axes, starts and ends are given so. */
  ints(values: readonly number[]): Value {
    return this.#once(`int64[${values.length}]${values.join()}`, () => ({
      id: this.#count++,
      shape: [values.length],
      dtype: 'int64',
      constant: { kind: 'array', data: Int32Array.from(values) },
    }));
  }

  /** Any operator. Made once for the same inputs and attributes; where there is nothing to compute, constants without elements. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    results: readonly Result[],
    attributes: Attributes = {},
    domain = '',
  ): readonly Value[] {
    if (results.every(({ shape }) => sizeOf(shape) === 0)) return results.map(({ shape, dtype }) => this.splat(0, shape, dtype));
    const key = keyOf(op, inputs, results, attributes, domain);
    const known = this.#nodes.get(key);
    if (known) return known;
    this.#record.push(key, '\n');
    const outputs = this.#make({ op, domain, inputs: [...inputs], attributes }, results);
    this.#nodes.set(key, outputs);
    return outputs;
  }

  /** An operator with one result. */
  op(op: string, inputs: readonly (Value | undefined)[], result: Result, attributes?: Attributes, domain?: string): Value {
    // Nothing to compute.
    if (sizeOf(result.shape) === 0) return this.splat(0, result.shape, result.dtype);
    return this.node(op, inputs, [result], attributes, domain)[0]!;
  }

  /** The same operator on other inputs, apart from all equal ones: its results are made again. */
  copy({ op, domain, attributes, outputs }: Node, inputs: readonly (Value | undefined)[]): readonly Value[] {
    this.#record.push('again ', keyOf(op, inputs, outputs, attributes, domain), '\n');
    return this.#make({ op, domain, inputs: [...inputs], attributes }, outputs);
  }

  /** A computation on the host; never shared, since it may have effects. */
  host(inputs: readonly Value[], shapes: readonly (readonly number[])[], compute: HostComputation): readonly Value[] {
    const results = shapes.map((shape) => ({ shape, dtype: 'float32' as const }));
    this.#record.push(`host(${inputs.map(({ id }) => id).join()})${JSON.stringify(shapes)}\n`);
    return this.#make({ op: 'HostCall', domain: 'taskloom', inputs: [...inputs], attributes: {}, host: compute }, results);
  }

  unary(op: string, x: Value, attributes?: Attributes): Value {
    const splat = splatOf(x);
    const folded = splat === undefined ? undefined : foldUnary(op, splat, x.dtype);
    return folded === undefined ? this.op(op, [x], x, attributes) : this.splat(folded, x.shape, x.dtype);
  }

  /** An operator with NumPy's broadcasting; both sides are of one type. */
  binary(op: string, a: Value, b: Value, dtype: ElementType = a.dtype): Value {
    const shape = broadcastShape(a.shape, b.shape, op);
    const [x, y] = [splatOf(a), splatOf(b)];
    if (x !== undefined && y !== undefined) {
      const folded = foldBinary(op, x, y, dtype);
      if (folded !== undefined) return this.splat(folded, shape, dtype);
    }
    const neutral = { Add: 0, Sub: 0, Mul: 1, Div: 1 }[op];
    // x + (−0) is x for every x, x + 0 is not for x = −0; the difference is never seen by what tfjs computes here.
    if (neutral !== undefined && y === neutral && sameShape(a.shape, shape)) return a;
    if (neutral !== undefined && (op === 'Add' || op === 'Mul') && x === neutral && sameShape(b.shape, shape)) return b;
    // Of two, one must have the shape.
    const small = (value: Value, splat: number | undefined, other: Value) =>
      splat !== undefined && other.constant?.kind !== 'splat' && sameShape(other.shape, shape) ? this.splat(splat, [], value.dtype) : value;
    return this.op(op, [small(a, x, b), small(b, y, a)], { shape, dtype });
  }

  cast(x: Value, dtype: ElementType): Value {
    if (x.dtype === dtype) return x;
    const splat = splatOf(x);
    if (splat !== undefined && dtype !== 'float16') return this.splat(castNumber(splat, dtype), x.shape, dtype);
    return this.op('Cast', [x], { shape: x.shape, dtype }, { to: elementTypes[dtype] });
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sizeOf(shape) !== sizeOf(x.shape))
      throw new TaskloomError('shape_mismatch', 'A reshape changes the number of elements.', {
        name: 'shape',
        expected: x.shape,
        got: shape,
      });
    if (sameShape(x.shape, shape)) return x;
    if (x.constant?.kind === 'splat') return this.splat(x.constant.value, shape, x.dtype);
    if (x.constant?.kind === 'array') return this.constant(x.constant.data, shape, x.dtype);
    const inner = x.producer;
    if (inner?.op === 'Reshape') return this.reshape(inner.inputs[0]!, shape);
    return this.op('Reshape', [x, this.ints(shape)], { shape, dtype: x.dtype }, sizeOf(shape) === 0 ? { allowzero: 1 } : {});
  }

  transpose(x: Value, perm: readonly number[]): Value {
    if (perm.every((axis, i) => axis === i)) return x;
    const shape = perm.map((axis) => x.shape[axis]!);
    if (x.constant?.kind === 'splat') return this.splat(x.constant.value, shape, x.dtype);
    // Moving only axes of size 1 is a reshape.
    const long = perm.filter((axis) => x.shape[axis] !== 1);
    if (long.every((axis, i) => i === 0 || axis > long[i - 1]!)) return this.reshape(x, shape);
    const inner = x.producer;
    if (inner?.op === 'Transpose') {
      const first = inner.attributes.perm as readonly number[];
      return this.transpose(
        inner.inputs[0]!,
        perm.map((axis) => first[axis]!),
      );
    }
    return this.op('Transpose', [x], { shape, dtype: x.dtype }, { perm });
  }

  /** x repeated to `shape`, which it broadcasts to. */
  expand(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    const splat = splatOf(x);
    if (splat !== undefined) return this.splat(splat, shape, x.dtype);
    return this.op('Expand', [x, this.ints(shape)], { shape, dtype: x.dtype });
  }

  slice(
    x: Value,
    starts: readonly number[],
    ends: readonly number[],
    axes: readonly number[] = starts.map((_, axis) => axis),
    steps?: readonly number[],
  ): Value {
    const shape = [...x.shape];
    const whole = axes.filter((axis, i) => {
      const step = steps?.[i] ?? 1;
      const [start, end] = [starts[i]!, ends[i]!];
      shape[axis] = Math.max(0, Math.ceil((step > 0 ? end - start : start - Math.max(end, -1)) / Math.abs(step)));
      return step === 1 && start === 0 && end >= x.shape[axis]!;
    });
    if (whole.length === axes.length) return x;
    if (x.constant?.kind === 'splat') return this.splat(x.constant.value, shape, x.dtype);
    // A negative step that runs past the first element ends at the least integer, as ONNX has it.
    const stops = ends.map((end, i) => ((steps?.[i] ?? 1) < 0 && end < 0 ? -2147483647 : end));
    const inputs = [x, this.ints(starts), this.ints(stops), this.ints(axes), ...(steps ? [this.ints(steps)] : [])];
    return this.op('Slice', inputs, { shape, dtype: x.dtype });
  }

  concat(values: readonly Value[], axis: number): Value {
    const [first, ...rest] = values.filter((value) => value.shape[axis] !== 0 || values.length === 1) as [Value, ...Value[]];
    if (!first) return values[0]!;
    if (rest.length === 0) return first;
    const shape = [...first.shape];
    for (const value of rest) shape[axis]! += value.shape[axis]!;
    return this.op('Concat', [first, ...rest], { shape, dtype: first.dtype }, { axis });
  }

  gather(x: Value, indices: Value, axis: number): Value {
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return this.op('Gather', [x, indices], { shape, dtype: x.dtype }, { axis });
  }

  /** condition ? a : b, broadcast. */
  where(condition: Value, a: Value, b: Value): Value {
    const shape = broadcastShape(broadcastShape(condition.shape, a.shape, 'Where'), b.shape, 'Where');
    return this.op('Where', [condition, a, b], { shape, dtype: a.dtype });
  }

  /** A reduction whose axes are an input (ReduceSum, ReduceMean, ReduceMax, …). */
  reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const reduced = new Set(axes);
    const kept = x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
    const shape = keepDims ? kept : x.shape.filter((_, axis) => !reduced.has(axis));
    if (axes.every((axis) => x.shape[axis] === 1) && op !== 'ReduceSumSquare') return this.reshape(x, shape);
    return this.op(op, [x, this.ints([...axes].sort((a, b) => a - b))], { shape, dtype: x.dtype }, { keepdims: keepDims ? 1 : 0 });
  }

  /** The matrix product over the last two axes, axes in front broadcast. */
  matMul(a: Value, b: Value): Value {
    const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2), 'MatMul');
    const shape = [...batch, a.shape.at(-2)!, b.shape.at(-1)!];
    if (a.shape.at(-1) !== b.shape.at(-2))
      throw new TaskloomError('shape_mismatch', 'The inner sizes of a matrix product differ.', {
        name: 'matMul',
        got: `[${a.shape}] · [${b.shape}]`,
      });
    return this.op('MatMul', [a, b], { shape, dtype: a.dtype });
  }

  #once(key: string, make: () => Value): Value {
    const known = this.#constants.get(key);
    if (known) return known;
    const value = make();
    this.#record.push(key, '\n');
    this.#constants.set(key, value);
    return value;
  }

  #make(node: Omit<Node, 'outputs'>, results: readonly Result[]): readonly Value[] {
    const outputs: Value[] = [];
    const made: Node = { ...node, outputs };
    for (const { shape, dtype } of results) outputs.push({ id: this.#count++, shape: [...shape], dtype, producer: made });
    return outputs;
  }
}

/** What is equal for equal nodes. Written out, since a trace asks for it thousands of times. */
function keyOf(
  op: string,
  inputs: readonly (Value | undefined)[],
  results: readonly Result[],
  attributes: Attributes,
  domain: string,
): string {
  let key = `${domain}:${op}(`;
  for (const value of inputs) key += `${value?.id},`;
  key += ')';
  for (const name in attributes) key += `${name}=${JSON.stringify(attributes[name])};`;
  for (const { dtype } of results) key += `:${dtype}`;
  return key;
}

/** ONNX's numbers of the element types. */
export const elementTypes: { readonly [type in ElementType]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  uint32: 12,
};

export function broadcastShape(a: readonly number[], b: readonly number[], op: string): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new TaskloomError('shape_mismatch', `The shapes [${a}] and [${b}] cannot be broadcast.`, { name: op });
    return x === 1 ? y : x;
  });
}

function castNumber(value: number, dtype: ElementType): number {
  if (dtype === 'bool') return value === 0 ? 0 : 1;
  if (dtype === 'float32') return Math.fround(value);
  return Math.trunc(value);
}
