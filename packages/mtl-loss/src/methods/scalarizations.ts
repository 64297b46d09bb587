import type { MethodInfo } from './method-info';

export const scalarizations: readonly MethodInfo[] = [];
