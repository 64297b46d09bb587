/** Element types of a graph's values. tfjs knows the first three; the others exist inside graphs only. */
export type ElementType = 'float32' | 'int32' | 'bool' | 'int64' | 'uint32' | 'uint8' | 'int8' | 'float16';

/** Numbers are INT, arrays of them INTS, strings STRING; a FLOAT is marked. */
export type Attribute = number | readonly number[] | string | { readonly float: number };
export type Attributes = { readonly [name: string]: Attribute | undefined };

/** The values of a constant: all of them, or the one that is repeated. */
export type ConstantData =
  | { readonly kind: 'array'; readonly data: ArrayLike<number> & ArrayBufferView }
  | { readonly kind: 'splat'; readonly value: number };

/** What flows along one edge of a graph: an input, a constant, or a node's result. Shapes are static. */
export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** The name of a graph input. */
  readonly input?: string;
  readonly constant?: ConstantData;
  readonly producer?: Node;
}

/** One operator of the graph. A graph is what its outputs reach; nothing else lists the nodes. */
export interface Node {
  readonly op: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
  /** A computation on the host (`hostCall`): splits the graph. */
  readonly host?: HostComputation;
}

export type HostComputation = (inputs: readonly Float64Array[]) => readonly Float64Array[];

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

const bytesOfElement = { float32: 4, int32: 4, bool: 1, int64: 8, uint32: 4, uint8: 1, int8: 1, float16: 2 } satisfies Record<
  ElementType,
  number
>;

export function bytesOf({ shape, dtype }: Value): number {
  return sizeOf(shape) * bytesOfElement[dtype];
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The one number that all elements of a constant are, where there is such. */
export function splatOf(value: Value): number | undefined {
  const constant = value.constant;
  if (!constant) return undefined;
  if (constant.kind === 'splat') return constant.value;
  return constant.data.length === 1 ? constant.data[0] : undefined;
}

/** All nodes that the outputs need beyond the values of `given`, producers first; the order depends on the graph only. */
export function nodesOf(outputs: readonly Value[], given: ReadonlySet<Value> = new Set()): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  // An explicit stack: unrolled inner loops are deeper than the call stack.
  const stack: { node: Node; next: number }[] = [];
  const enter = (value: Value | undefined) => {
    const node = value?.producer;
    if (!node || seen.has(node) || given.has(value)) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (top.next < top.node.inputs.length) enter(top.node.inputs[top.next++]);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** All elements of a constant of a type that the host knows. */
export function arrayOf({ constant, dtype, shape }: Value): Float32Array | Int32Array | Uint8Array {
  const known = constant!;
  const make = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array;
  if (known.kind === 'splat') return new make(sizeOf(shape)).fill(known.value);
  return known.data instanceof make ? known.data : make.from(known.data as ArrayLike<number>);
}
