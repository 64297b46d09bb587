import { type BalancingContext, chosen, type LossWeighting } from '@taskloom/core';
import { weighPresent } from './present-tasks';
import { shares, softmaxOf } from './simplex';

export interface RlwOptions {
  /** `normal` (default): the softmax of standard normal draws. `dirichlet`: uniform on the simplex. */
  readonly distribution?: 'normal' | 'dirichlet';
}

/**
 * Random loss weighting (B. Lin et al. 2022, arXiv 2111.10603): weights of sum 1, drawn anew at each step. On average the update is that of the mean
 * loss. It is a comparison: a method that does not beat it has learned nothing of the tasks. Draws are functions of seed and step, so a
 * resumed run repeats them. Cost F + B.
 */
export function rlw({ distribution = 'normal' }: RlwOptions = {}): LossWeighting<null> {
  const draw = chosen<typeof distribution, (context: BalancingContext) => Float64Array>('distribution', distribution, {
    normal: (context) => softmaxOf(context.normal('rlw', context.tasks.length)),
    // Exponential draws: their shares are uniform on the simplex.
    dirichlet: (context) => shares(context.uniform('rlw', context.tasks.length).map((value) => 1e-12 - Math.log1p(-value))),
  });
  return {
    kind: 'loss-weighting',
    name: 'rlw',
    needs: ['losses'],
    beforehand: true,
    init: () => null,
    weigh: (_, state, context) => ({ weights: weighPresent(context, draw), state }),
  };
}
