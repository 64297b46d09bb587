import type { FeatureBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';
import { filled } from './vectors';

/** wᵢ = 1/T over the present tasks: the gradient of the mean loss. Cost F + T·B. */
export function mean(): FeatureBalancer<null> {
  return statelessBalancer('mean', ({ length }) => filled(length, 1 / length), { features: true });
}
