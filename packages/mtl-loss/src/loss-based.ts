import type { Balancing, BalancingContext, GradientBalancer, LossWeighting, Stateful } from '@taskloom/core';

/** Weights that come from the losses alone: a loss weighting, or a total that gives its derivatives. */
export interface LossBased<S> extends Balancing, Stateful<S> {
  readonly kind: LossWeighting['kind'] | 'scalarization';
  readonly weigh: LossWeighting<S>['weigh'];
}

/** The weights of a step by whichever of its numbers the method reads. */
export function weighed<S>(method: GradientBalancer<S> | LossBased<S>, gramian: () => Float64Array, state: S, context: BalancingContext) {
  return method.weigh(method.kind === 'gradient-balancer' ? gramian() : context.losses, state, context);
}
