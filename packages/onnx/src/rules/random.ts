import { type DrawAttributes, randomKernel } from '@taskloom/core';
import { hashString } from '@taskloom/core/host';
import { drawOperator } from '../passes/draws';
import type { KernelRules } from './rule';

/** Draws of core's `Random` stand in a trace as one operator each, until a pass writes their bits. */
export const randomRules: KernelRules = {
  [randomKernel]: (graph, { key }, attributes) => {
    const given = attributes as unknown as DrawAttributes;
    const { draw, shape } = given;
    const { op, domain } = drawOperator;
    if (draw === 'fold') {
      const id = typeof given.id === 'string' ? hashString(given.id) : given.id | 0;
      return graph.op(op, [key!], { shape, dtype: 'int32' }, { draw, id }, domain);
    }
    const probability = draw === 'bernoulli' ? { float: given.probability } : undefined;
    return graph.op(op, [key!], { shape, dtype: 'float32' }, { draw, probability, shape }, domain);
  },
};
