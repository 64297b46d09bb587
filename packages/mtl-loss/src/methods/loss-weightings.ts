import type { MethodInfo } from './method-info';

export const lossWeightings: readonly MethodInfo[] = [];
