import { backend_util } from '@tensorflow/tfjs-core';
import { broadcastShape, type Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { float, number, throughFloat } from './numeric';
import type { KernelRules } from './rule';
import { sigmoid } from './unary';

const [leastInteger, greatestInteger] = [-2147483648, 2147483647];

/** x within [low, high]; bounds of an int32 are stored as such. */
function clip(graph: Graph, x: Value, low: number, high: number): Value {
  const bound = (limit: number) =>
    graph.splat(x.dtype === 'int32' ? Math.trunc(Math.min(Math.max(limit, leastInteger), greatestInteger)) : limit, [], x.dtype);
  return graph.op('Clip', [x, bound(low), bound(high)], x);
}

function prelu(graph: Graph, x: Value, alpha: Value): Value {
  const shape = broadcastShape(x.shape, alpha.shape, 'prelu');
  const value = graph.expand(float(graph, x), shape);
  return graph.op('PRelu', [value, float(graph, alpha)], value);
}

function leakyRelu(graph: Graph, x: Value, alpha: number): Value {
  const value = float(graph, x);
  return graph.unary('LeakyRelu', value, { alpha: { float: alpha } });
}

const elu = (graph: Graph, x: Value) => throughFloat(graph, x, (value) => graph.unary('Elu', value));
const relu = (graph: Graph, x: Value) => graph.unary('Relu', number(graph, x));
const relu6 = (graph: Graph, x: Value) => clip(graph, number(graph, x), 0, 6);

/** What a fused kernel does last. */
export function activated(graph: Graph, x: Value, activation: unknown, weights: Value | undefined, alpha: unknown): Value {
  switch (activation) {
    case 'relu':
      return relu(graph, x);
    case 'relu6':
      return relu6(graph, x);
    case 'elu':
      return elu(graph, x);
    case 'sigmoid':
      return throughFloat(graph, x, (value) => sigmoid(graph, value));
    case 'leakyrelu':
      return leakyRelu(graph, x, alpha as number);
    case 'prelu':
      return prelu(graph, x, weights!);
    default:
      return x;
  }
}

export const activationRules: KernelRules = {
  ClipByValue: (graph, { x }, { clipValueMin, clipValueMax }) =>
    clip(graph, number(graph, x!), clipValueMin as number, clipValueMax as number),
  Elu: (graph, { x }) => elu(graph, x!),
  // y + 1 is eˣ below zero; above, dy passes.
  EluGrad: (graph, { dy, y }) => {
    const slope = graph.binary('Add', graph.binary('Min', y!, graph.splat(0)), graph.splat(1));
    return graph.binary('Mul', dy!, slope);
  },
  LeakyRelu: (graph, { x }, { alpha }) => leakyRelu(graph, x!, alpha as number),
  Prelu: (graph, { x, alpha }) => prelu(graph, x!, alpha!),
  Relu: (graph, { x }) => relu(graph, x!),
  Relu6: (graph, { x }) => relu6(graph, x!),
  Selu: (graph, { x }) =>
    throughFloat(graph, x!, (value) => {
      const gamma = backend_util.SELU_SCALE;
      return graph.unary('Selu', value, { alpha: { float: backend_util.SELU_SCALEALPHA / gamma }, gamma: { float: gamma } });
    }),
  // Where ORT chooses, it takes half as long again as a cast: worth avoiding in the derivative of every ReLU.
  Step: (graph, { x }, { alpha }) => {
    const value = number(graph, x!);
    const positive = graph.binary('Greater', value, graph.splat(0, [], value.dtype), 'bool');
    if (alpha === 0) return graph.cast(positive, value.dtype);
    const below = value.dtype === 'int32' ? Math.trunc(alpha as number) : (alpha as number);
    return graph.where(positive, graph.splat(1, [], value.dtype), graph.splat(below, [], value.dtype));
  },
};
