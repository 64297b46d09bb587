import type { MethodInfo } from './method-info';

export const jacobianMethods: readonly MethodInfo[] = [];
