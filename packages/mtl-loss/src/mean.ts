import type { FeatureBalancer } from '@taskloom/core';
import { statelessBalancer } from './gradient-balancer';

/** wᵢ = 1/T over the present tasks: the gradient of the mean loss. Cost F + T·B. */
export function mean(): FeatureBalancer<null> {
  return statelessBalancer('mean', (_, { count }) => new Float64Array(count).fill(1 / count), { features: true });
}
