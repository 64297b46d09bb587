import { impartialBalancers } from './impartial-balancers';
import type { MethodInfo } from './method-info';
import { programBalancers } from './program-balancers';

export const gradientBalancers: readonly MethodInfo[] = [...programBalancers, ...impartialBalancers];
