import { elementwiseRules } from './elementwise';
import { hostCallRules } from './host-call';
import { indexingRules } from './indexing';
import { matmulRules } from './matmul';
import { paddingRules } from './padding';
import { randomRules } from './random';
import { reductionRules } from './reduction';
import type { KernelRules } from './rule';
import { sequenceRules } from './sequence';
import { shapeRules } from './shape';
import { slicingRules } from './slicing';

/** What every kernel of TensorFlow.js that can be compiled becomes. */
export const kernelRules: KernelRules = {
  ...elementwiseRules,
  ...hostCallRules,
  ...indexingRules,
  ...matmulRules,
  ...paddingRules,
  ...randomRules,
  ...reductionRules,
  ...sequenceRules,
  ...shapeRules,
  ...slicingRules,
};
