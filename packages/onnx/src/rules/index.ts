import { elementwiseRules } from './elementwise';
import { hostCallRules } from './host-call';
import { matmulRules } from './matmul';
import { randomRules } from './random';
import { reductionRules } from './reduction';
import type { KernelRules } from './rule';
import { shapeRules } from './shape';

/** What every kernel of TensorFlow.js that can be compiled becomes. */
export const kernelRules: KernelRules = {
  ...elementwiseRules,
  ...hostCallRules,
  ...matmulRules,
  ...randomRules,
  ...reductionRules,
  ...shapeRules,
};
