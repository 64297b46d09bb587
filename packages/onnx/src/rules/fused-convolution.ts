import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { activated } from './activation';
import { convolve } from './convolution';
import type { KernelRule, KernelRules } from './rule';

/** A vector of one number for each channel, where those are. */
function perChannel(graph: Graph, x: Value, dataFormat: unknown): Value {
  return dataFormat === 'NCHW' && x.shape.length === 1 && x.shape[0] !== 1 ? graph.reshape(x, [x.shape[0]!, 1, 1]) : x;
}

const fused =
  (depthwise: boolean): KernelRule =>
  (graph, { x, filter, bias, preluActivationWeights: weights }, attributes) => {
    const { dataFormat, activation, leakyreluAlpha } = attributes;
    const plain = convolve(graph, x!, filter!, attributes, depthwise);
    const shifted = bias ? graph.binary('Add', plain, perChannel(graph, bias, dataFormat)) : plain;
    return activated(graph, shifted, activation, weights && perChannel(graph, weights, dataFormat), leakyreluAlpha);
  };

/** What tfjs-layers calls while no gradient is recorded, or none of an activation. */
export const fusedConvolutionRules: KernelRules = { FusedConv2D: fused(false), FusedDepthwiseConv2D: fused(true) };
