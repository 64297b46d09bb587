import type { FeatureBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { softmaxOf } from './simplex';

/**
 * Random gradient weighting (B. Lin et al. 2022, arXiv 2111.10603): weights are the softmax of standard normal draws, anew at each step. With the same draws it is RLW at
 * the price of T backward passes; a baseline to compare gradient balancers with. Draws are functions of seed and step. Cost F + T·B.
 */
export function rgw(): FeatureBalancer<null> {
  return statelessBalancer('rgw', ({ length }, context) => softmaxOf(context.normal('rgw', length)), { features: true });
}
