import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { elementTypes } from './graph/graph';
import { type Attribute, type ElementType, nodesOf, sizeOf, type Value } from './graph/value';

export interface EncodeOptions {
  readonly metadata?: { readonly [key: string]: string };
  /** The names of axes that may have other sizes, by input: `null` where the size is fixed. */
  readonly symbols?: ReadonlyMap<Value, readonly (string | null)[]>;
  /** The same by the name of an output. */
  readonly outputSymbols?: ReadonlyMap<string, readonly (string | null)[]>;
  readonly opset?: number;
  readonly irVersion?: number;
}

/** What compiled steps are written in, and the ONNX format that came with it. */
const stepOpset = 20;
const stepIrVersion = 9;
/** Repeated constants with more elements are written as a number and a shape. */
const expandedUpTo = 64;

/** The bytes of an ONNX model with these named inputs and outputs. */
export function encode(
  inputs: ReadonlyMap<string, Value>,
  outputs: ReadonlyMap<string, Value>,
  { metadata = {}, symbols, outputSymbols, opset = stepOpset, irVersion = stepIrVersion }: EncodeOptions = {},
): Uint8Array<ArrayBuffer> {
  const names = new Map<Value, string>();
  const taken = new Set([...inputs.keys(), ...outputs.keys()]);
  for (const [name, value] of inputs) names.set(value, name);
  // An output has the name that was asked for from the start; where that cannot be (an input, two names), it is copied at the end.
  for (const [name, value] of outputs) if (value.producer && !names.has(value)) names.set(value, name);
  const inside = new Set(inputs.values());
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const domains = new Set<string>(['']);

  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    let name = `v${names.size}`;
    while (taken.has(name) || taken.has(`${name}.shape`)) name = `_${name}`;
    names.set(value, name);
    if (value.constant) writeConstant(value, name);
    return name;
  };
  const writeConstant = (value: Value, name: string) => {
    const { constant, shape, dtype } = value;
    if (constant!.kind === 'array') initializers.push(tensor(name, shape, dtype, constant!.data));
    else if (sizeOf(shape) <= expandedUpTo)
      initializers.push(tensor(name, shape, dtype, Array<number>(sizeOf(shape)).fill(constant!.value)));
    else {
      initializers.push(tensor(`${name}.shape`, [shape.length], 'int64', shape));
      const attribute = create(AttributeProtoSchema, {
        name: 'value',
        type: AttributeType.TENSOR,
        t: tensor('', [1], dtype, [constant!.value]),
      });
      nodes.push(create(NodeProtoSchema, { opType: 'ConstantOfShape', input: [`${name}.shape`], output: [name], attribute: [attribute] }));
    }
  };

  for (const { op, domain, inputs: given, outputs: made, attributes } of nodesOf([...outputs.values()], inside)) {
    const input = given.map((value) => (value ? nameOf(value) : ''));
    const output = made.map(nameOf);
    domains.add(domain);
    nodes.push(
      create(NodeProtoSchema, {
        opType: op,
        domain,
        input,
        output,
        attribute: Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [attributeProto(name, value)])),
      }),
    );
  }
  const renamed = [...outputs].map(([name, value]) => ({ name, from: nameOf(value), value }));
  for (const { name, from } of renamed)
    if (name !== from) nodes.push(create(NodeProtoSchema, { opType: 'Identity', input: [from], output: [name] }));

  const model = create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    producerName: 'taskloom',
    opsetImport: [...domains].map((domain) => ({ domain, version: BigInt(domain === '' ? opset : 1) })),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: create(GraphProtoSchema, {
      name: 'taskloom',
      node: nodes,
      initializer: initializers,
      input: [...inputs].map(([name, value]) => valueInfo(name, value, symbols?.get(value))),
      output: renamed.map(({ name, value }) => valueInfo(name, value, outputSymbols?.get(name))),
    }),
  });
  return toBinary(ModelProtoSchema, model);
}

function valueInfo(name: string, { dtype, shape }: Value, symbols?: readonly (string | null)[]) {
  const dim = shape.map((size, axis) => {
    const symbol = symbols?.[axis];
    return { value: symbol ? { case: 'dimParam' as const, value: symbol } : { case: 'dimValue' as const, value: BigInt(size) } };
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: elementTypes[dtype], shape: { dim } } } },
  });
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

/** A constant's bytes, little-endian as ONNX wants them. */
function tensor(name: string, shape: readonly number[], dtype: ElementType, data: ArrayLike<number>): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType: elementTypes[dtype],
    rawData: rawBytes(data, dtype),
  });
}

const arrays = {
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
  float16: Uint16Array,
} as const;

function rawBytes(data: ArrayLike<number>, dtype: ElementType): Uint8Array<ArrayBuffer> {
  const made = dtype === 'int64' ? BigInt64Array.from(Array.from(data, BigInt)) : sameKind(data, dtype);
  return new Uint8Array(made.buffer as ArrayBuffer, made.byteOffset, made.byteLength);
}

function sameKind(data: ArrayLike<number>, dtype: Exclude<ElementType, 'int64'>): ArrayBufferView {
  const make = arrays[dtype];
  return data instanceof make ? data : make.from(data as ArrayLike<number>);
}
