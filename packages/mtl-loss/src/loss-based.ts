import type { Balancing, BalancingContext, GradientBalancer, JacobianMethod, LossWeighting, Stateful } from '@taskloom/core';
import { filled } from './vectors';

/** Weights that come from the losses alone: a loss weighting, or a total that gives its derivatives. */
export interface LossBased<S> extends Balancing, Stateful<S> {
  readonly kind: LossWeighting['kind'] | 'scalarization';
  readonly weigh: LossWeighting<S>['weigh'];
}

export type AnyMethod<S> = GradientBalancer<S> | LossBased<S> | JacobianMethod<S>;

/** The weights of a step by whichever of its numbers the method reads; of a Jacobian method its coefficients too. */
export function weighed<S>(
  method: AnyMethod<S>,
  gramian: Float64Array | undefined,
  state: S,
  context: BalancingContext,
): { weights: Float64Array; coefficients?: Float64Array; state: S } {
  const readsGramian = method.kind === 'gradient-balancer' || method.kind === 'jacobian-method';
  return method.weigh(readsGramian ? (gramian ?? filled(0, 0)) : context.losses, state, context);
}
