import { gradientBalancers } from './gradient-balancers';
import { jacobianMethods } from './jacobian-methods';
import { lossWeightings } from './loss-weightings';
import type { MethodInfo } from './method-info';
import { normBalancers } from './norm-balancers';
import { scalarizations } from './scalarizations';

export type { MethodInfo, OptionInfo } from './method-info';

/** Every method of this package, for menus, command lines and comparisons. */
export const methods: readonly MethodInfo[] = [
  ...scalarizations,
  ...lossWeightings,
  ...gradientBalancers,
  ...normBalancers,
  ...jacobianMethods,
];
