import { checkNumbers, type GradientBalancer } from '@taskloom/core';
import { type Projector, projector } from './cone-projection';
import { statelessBalancer } from './gradient-balancer';
import { diagonal, mapped } from './matrix';
import { type TaskValues, taskValues } from './task-values';
import { sumOf } from './vectors';

export interface DualConeOptions {
  /** How much each task counts, by name or in the order of the tasks. Default 1/T each. */
  readonly preference?: TaskValues;
  /** Added to the diagonal of the Gramian after it is divided by its trace, so that weights stay bounded where gradients nearly cancel. 0: the exact projection. Default 1e-4. */
  readonly regEps?: number;
  /** Gradients are taken for zero, so that nothing is projected, where the trace of the Gramian is below this. Default 1e-4. */
  readonly normEps?: number;
}

/** Weights from projections with G/tr(G) + regEps·I, without its first term where tr(G) < normEps, of the preference of the present tasks. */
export function dualConeBalancer(
  name: string,
  { preference, regEps = 1e-4, normEps = 1e-4 }: DualConeOptions,
  rule: (project: Projector, preference: Float64Array) => Float64Array,
): GradientBalancer<null> {
  checkNumbers({ regEps, normEps }, 0);
  const preferenceOf = taskValues('preference', preference, 0);
  return statelessBalancer(name, (gramian, context, places) => {
    const size = sumOf(diagonal(gramian));
    const factor = size > 0 && size >= normEps ? 1 / size : 0;
    const regularized = mapped(gramian, (product, i, j) => product * factor + (i === j ? regEps : 0));
    return rule(projector(regularized), preferenceOf(context, 1 / gramian.length, places));
  });
}
