import { checkNumbers, type GradientBalancer } from '@taskloom/core';
import { bargainingPoint } from './bargaining-point';
import { statelessBalancer } from './gradient-balancer';

export interface FairGradOptions {
  /** α > 0: 1 (default) is proportional fairness, the direction of Nash-MTL; above 1 the tasks that gain least count for more, towards max–min fairness. */
  readonly alpha?: number;
}

/**
 * FairGrad (H. Ban, K. Ji 2024, arXiv 2402.15638): the update of greatest α-fair utility Σ (gᵢ·d)^(1−α)/(1−α) of the tasks' gains, d in a ball. Its weights are
 * the positive root of (Gw)ᵢ = wᵢ^(−1/α), exactly. It conflicts with no task: gᵢ·update = wᵢ^(−1/α) > 0.
 *
 * For α = 1 the norm of the update is √T whatever the gradients; for greater α it grows with them (‖update‖² = Σ wᵢ^(1 − 1/α)). Also of one task alone, whose weight
 * is ‖g‖^(−2α/(1+α)). A zero gradient has weight 0; where no direction helps all (Pareto stationary) all weights are 0. Cost F + T·B.
 */
export function fairGrad({ alpha = 1 }: FairGradOptions = {}): GradientBalancer<null> {
  checkNumbers({ alpha }, 0.05, 50);
  return statelessBalancer('fair-grad', (gramian) => bargainingPoint(gramian, 1 / alpha));
}
