import type { Graph } from '../graph/graph';
import { type Node, nodesOf, type Value } from '../graph/value';
import { columns, narrow } from '../rules/filter-gradient';
import type { Axis } from '../rules/geometry';
import { type Pass, producedBy } from './rewrite';

/**
 * Convolutions of few channels, such as the first of a network, as products with the columns that their filters' gradients need anyway: the result has its
 * channels behind, where the largest image of a network would otherwise be transposed.
 */
export const narrowConvolutions: Pass = (graph, outputs) => {
  const made = new Set(nodesOf(outputs).flatMap((node) => (node.op === 'Concat' ? node.outputs : [])));
  return ({ op, attributes, inputs: [y], outputs: [result] }, _, now) => {
    const convolution = op === 'Transpose' && String(attributes.perm) === '0,2,3,1' ? producedBy(y, 'Conv') : undefined;
    const weights = producedBy(convolution?.inputs[1], 'Transpose');
    if (convolution?.attributes.group !== 1 || String(weights?.attributes.perm) !== '3,2,0,1') return undefined;
    const axes = axesOf(convolution);
    const columnsOf = (image: Value) => columns(graph, graph.transpose(image, [0, 2, 3, 1]), axes);
    const [image, filter] = [convolution.inputs[0]!, weights!.inputs[0]!];
    if (filter.shape[2]! >= narrow || !made.has(columnsOf(image))) return undefined;
    const product = graph.matMul(columnsOf(now(image)), matrix(graph, now(filter)));
    return [graph.reshape(product, result!.shape)];
  };
};

/** [height · width · in, out] */
function matrix(graph: Graph, filter: Value): Value {
  const [height, width, channels, out] = filter.shape as [number, number, number, number];
  return graph.reshape(filter, [height * width * channels, out]);
}

function axesOf({ attributes, inputs, outputs }: Node): [Axis, Axis] {
  const [kernels, strides, dilations, pads] = ['kernel_shape', 'strides', 'dilations', 'pads'].map(
    (name) => attributes[name] as readonly number[],
  ) as [readonly number[], readonly number[], readonly number[], readonly number[]];
  const axis = (i: 0 | 1): Axis => ({
    size: inputs[0]!.shape[2 + i]!,
    out: outputs[0]!.shape[2 + i]!,
    kernel: kernels[i]!,
    stride: strides[i]!,
    dilation: dilations[i]!,
    before: pads[i]!,
    after: pads[2 + i]!,
  });
  return [axis(0), axis(1)];
}
