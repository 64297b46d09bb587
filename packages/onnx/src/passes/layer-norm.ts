import type { Graph } from '../graph/graph';
import { sizeOf, splatOf, type Value } from '../graph/value';
import { type Pass, producedBy } from './rewrite';
import { axesIn } from './sums';

/** (x − μ)·1/√(σ² + ε) over the last axis as ONNX's LayerNormalization, whose third result is the factor that gradients need again. */
export const layerNorms: Pass = (graph) => {
  const factors = new Map<Value, Value>();
  return (node, inputs, now) => {
    if (node.op === 'Reciprocal') {
      const found = standardization(node.outputs[0]!);
      if (!found) return undefined;
      const [, , factor] = normalization(graph, now(found.x), found.epsilon);
      factors.set(node.outputs[0]!, factor!);
      return [factor!];
    }
    if (node.op !== 'Mul') return undefined;
    // x − μ times the factor, in either order.
    for (const [i, j] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const found = node.inputs[j] && standardization(node.inputs[j]);
      if (found && found.centred === node.inputs[i] && inputs[j] === factors.get(node.inputs[j]!))
        return [normalization(graph, now(found.x), found.epsilon)[0]!];
    }
    return undefined;
  };
};

interface Standardization {
  readonly x: Value;
  readonly centred: Value;
  readonly epsilon: number;
}

function normalization(graph: Graph, x: Value, epsilon: number): readonly Value[] {
  const width = x.shape.at(-1)!;
  const reduced = [...x.shape.slice(0, -1), 1];
  const results = [
    { shape: x.shape, dtype: x.dtype },
    { shape: reduced, dtype: x.dtype },
    { shape: reduced, dtype: x.dtype },
  ];
  return graph.node('LayerNormalization', [x, graph.splat(1, [width])], results, { axis: -1, epsilon: { float: epsilon } });
}

/** The pattern behind a factor 1/√(mean((x − mean(x))²) + ε) along the last axis. */
function standardization(factor: Value): Standardization | undefined {
  const root = producedBy(producedBy(factor, 'Reciprocal')?.inputs[0], 'Sqrt');
  const sum = producedBy(root?.inputs[0], 'Add');
  const epsilon = sum && splatOf(sum.inputs[1]!);
  const square = producedBy(sum && meanOfLastAxis(sum.inputs[0]!), 'Mul');
  const centred = square?.inputs[0];
  const difference = producedBy(centred, 'Sub');
  if (epsilon === undefined || !centred || square!.inputs[1] !== centred || !difference) return undefined;
  const x = difference.inputs[0]!;
  return meanOfLastAxis(difference.inputs[1]!) === x && x.shape.length > 1 ? { x, centred, epsilon } : undefined;
}

/** What a value is the mean of along the last axis, kept. */
function meanOfLastAxis(value: Value): Value | undefined {
  const quotient = producedBy(value, 'Div');
  const sum = producedBy(quotient?.inputs[0], 'ReduceSum');
  const x = sum?.inputs[0];
  if (!x || sum.attributes.keepdims !== 1) return undefined;
  const axes = axesIn(sum.inputs[1]!);
  const last = x.shape.length - 1;
  return axes.length === 1 && axes[0] === last && splatOf(quotient!.inputs[1]!) === x.shape[last] && sizeOf(x.shape) > 0 ? x : undefined;
}
