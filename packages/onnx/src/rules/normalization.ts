import type { KernelRules } from './rule';

export const normalizationRules: KernelRules = {
  FusedBatchNorm: (graph, { x, mean, variance, offset, scale }, { varianceEpsilon }) => {
    const spread = graph.binary('Add', variance!, graph.splat((varianceEpsilon as number | undefined) ?? 0.001));
    // Everything that has the size of the channels first, so that x is read three times.
    const inverse = graph.unary('Reciprocal', graph.unary('Sqrt', spread));
    const factor = scale ? graph.binary('Mul', inverse, scale) : inverse;
    const scaled = graph.binary('Mul', graph.binary('Sub', x!, mean!), factor);
    return offset ? graph.binary('Add', scaled, offset) : scaled;
  },
};
