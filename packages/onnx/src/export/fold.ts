import type { Graph } from '../graph/graph';
import { type Attributes, sizeOf, type Value } from '../graph/value';

type Elements = ArrayLike<number> & ArrayBufferView;

/** Computes at export what a node does to a stored array, so that weights stand in the file as they are used; undefined where it is not known how. */
export function fold(
  graph: Graph,
  op: string,
  inputs: readonly (Value | undefined)[],
  shape: readonly number[],
  attributes: Attributes,
): Value | undefined {
  const [x] = inputs;
  if (x?.constant?.kind !== 'array' || (x.dtype !== 'float32' && x.dtype !== 'int32')) return undefined;
  if (op === 'Reshape' && inputs[1]!.constant && sizeOf(shape) === x.constant.data.length)
    return graph.constant(x.constant.data, shape, x.dtype);
  if (op !== 'Transpose') return undefined;
  return graph.constant(transposed(x.constant.data, x.shape, attributes.perm as readonly number[]), shape, x.dtype);
}

function transposed(data: Elements, shape: readonly number[], perm: readonly number[]): Elements {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const sizes = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const out = new (data.constructor as Float32ArrayConstructor)(data.length);
  const index = sizes.map(() => 0);
  for (let i = 0, at = 0; i < out.length; i++) {
    out[i] = data[at]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      at -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
