import { impartialBalancers } from './impartial-balancers';
import type { MethodInfo } from './method-info';

export const gradientBalancers: readonly MethodInfo[] = [...impartialBalancers];
