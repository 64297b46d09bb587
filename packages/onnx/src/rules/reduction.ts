import { sizeOf } from '../graph/value';
import { axesOf, type KernelRule, type KernelRules } from './rule';

const reduction =
  (op: string): KernelRule =>
  (graph, { x }, { axis, reductionIndices, keepDims }) =>
    graph.reduce(
      op,
      x!.dtype === 'bool' ? graph.cast(x!, 'int32') : x!,
      axesOf(axis ?? reductionIndices, x!.shape.length),
      keepDims === true,
    );

export const reductionRules: KernelRules = {
  Sum: reduction('ReduceSum'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  Mean: (graph, { x }, { axis, keepDims }) => {
    const axes = axesOf(axis, x!.shape.length);
    const count = sizeOf(axes.map((a) => x!.shape[a]!));
    const sum = graph.reduce('ReduceSum', graph.cast(x!, 'float32'), axes, keepDims === true);
    return graph.binary('Div', sum, graph.splat(count));
  },
  Softmax: (graph, { logits }, { dim }) => {
    const rank = logits!.shape.length;
    return graph.op('Softmax', [logits!], logits!, { axis: dim === -1 || dim === undefined ? rank - 1 : (dim as number) });
  },
};
