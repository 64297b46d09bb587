import type { MethodInfo } from './method-info';

export const gradientBalancers: readonly MethodInfo[] = [];
