import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { fold } from './fold';
import { fuse } from './fuse';
import { halvesOf } from './half';
import type { Emit } from './merge';
import { inOpset17, needsLater } from './older-opset';
import { quantizer } from './quantize';

/** How a file's numbers are stored. */
export type Precision = 'fp32' | 'fp16' | 'int8';

/** Arrays of fewer numbers stay as they are. */
const least = 64;
const greatestHalf = 65504;

/** Writes nodes as they stand in the file: stored arrays folded, numbers in the precision asked for, operators of opset 17 where `portable`. */
export function emitter(graph: Graph, { precision, portable }: { readonly precision: Precision; readonly portable: boolean }): Emit {
  const quantize = quantizer(graph);
  const stored = (value: Value | undefined) => (value && precision === 'fp16' ? halved(graph, value) : value);
  return (op, inputs, results, attributes, domain) => {
    if (domain !== '') return graph.node(op, inputs, results, attributes, domain);
    const [result] = results as [(typeof results)[number]];
    const folded = fold(graph, op, inputs, result.shape, attributes);
    if (folded) return [folded];
    const fused = fuse(graph, op, inputs);
    if (fused) return [fused];
    const small = precision === 'int8' ? quantize(op, inputs, result.shape, attributes) : undefined;
    if (small) return [small];
    const given = inputs.map(stored);
    return portable && !needsLater(op) ? inOpset17(graph, op, given, results, attributes) : graph.node(op, given, results, attributes);
  };
}

/** An array kept in half precision and widened when the model is loaded. */
function halved(graph: Graph, value: Value): Value {
  if (value.constant?.kind !== 'array' || value.dtype !== 'float32') return value;
  const floats = value.constant.data as Float32Array;
  if (floats.length < least || !floats.every((number) => Math.abs(number) <= greatestHalf)) return value;
  return graph.op('Cast', [graph.constant(halves(floats), value.shape, 'float16')], value, { to: 1 });
}

const known = new WeakMap<Float32Array, Uint16Array>();

/** Once for an array, so that it stands in the file once. */
function halves(floats: Float32Array): Uint16Array {
  const found = known.get(floats) ?? halvesOf(floats);
  known.set(floats, found);
  return found;
}
