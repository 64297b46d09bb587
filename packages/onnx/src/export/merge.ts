import { TaskloomError } from '@taskloom/core/host';
import type { Graph, Result } from '../graph/graph';
import type { Attributes, Node, Value } from '../graph/value';
import { type Aligned, align } from './align';
import { elementsOf, mergeConstant } from './constants';
import type { RuntimeSizes } from './runtime-sizes';
import { mergeSizes, saysSizes } from './sizes-of-arguments';

/** Writes one node of the exported graph. */
export type Emit = (
  op: string,
  inputs: readonly (Value | undefined)[],
  results: readonly Result[],
  attributes: Attributes,
  domain: string,
) => readonly Value[];

export interface MergeOptions {
  /** The exported graph's inputs by name. */
  readonly inputs: ReadonlyMap<string, Value>;
  readonly sizes: RuntimeSizes;
  /** What constants of the base are at the greatest sizes. */
  readonly largest: ReadonlyMap<Value, Value>;
  readonly emit: Emit;
}

/** One graph for all sizes out of the graphs of several: what differs between them is computed at run time. Throws `Difference`, `not_exportable`. */
export function mergeTraces(graph: Graph, outputs: readonly Aligned[], { inputs, sizes, largest, emit }: MergeOptions): readonly Value[] {
  const { nodes, of } = align(outputs);
  const made = new Map<Value, Value>();
  const merged = (values: Aligned, place: string): Value => {
    const [base] = values as [Value];
    if (base.input !== undefined) return inputs.get(base.input)!;
    return base.constant ? mergeConstant(graph, sizes, values, place, largest.get(base)) : made.get(base)!;
  };
  for (const node of nodes) {
    if (node.host)
      throw new TaskloomError('not_exportable', 'A hostCall cannot be exported: a file has no host.', {
        name: 'hostCall',
        remedy: 'Write it with tensor ops.',
      });
    const producers = of.get(node.outputs.find((output) => of.has(output))!)!.map((value) => value.producer!);
    const argument = (i: number): Aligned => producers.map((producer) => producer.inputs[i]!);
    const values: (Value | undefined)[] = [];
    for (const [i, input] of node.inputs.entries())
      values.push(
        input && (saysSizes(node.op, i, input) ? mergeSizes(node.op, sizes, argument, values[0]!) : merged(argument(i), node.op)),
      );
    const results = takesAll(node, producers) ? [values[0]!] : emit(node.op, values, node.outputs, node.attributes, node.domain);
    for (const [i, output] of node.outputs.entries()) made.set(output, results[i]!);
  }
  return outputs.map((values) => merged(values, 'An output'));
}

/** Whether a gather takes all of an axis in order, which changes nothing. */
function takesAll({ op, attributes }: Node, producers: readonly Node[]): boolean {
  const indices = producers[0]!.inputs[1];
  if (op !== 'Gather' || !indices?.constant || indices.shape.length !== 1) return false;
  return producers.every(({ inputs: [x, own] }) => {
    const array = elementsOf(own!);
    if (array.length !== x!.shape[(attributes.axis as number | undefined) ?? 0]) return false;
    for (let i = 0; i < array.length; i++) if (array[i] !== i) return false;
    return true;
  });
}
