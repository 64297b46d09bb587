import { activationRules } from './activation';
import { binaryRules } from './binary';
import { hostCallRules } from './host-call';
import { indexingRules } from './indexing';
import { logicRules } from './logic';
import { matmulRules } from './matmul';
import { paddingRules } from './padding';
import { randomRules } from './random';
import { reductionRules } from './reduction';
import type { KernelRules } from './rule';
import { scanRules } from './scan';
import { sequenceRules } from './sequence';
import { shapeRules } from './shape';
import { slicingRules } from './slicing';
import { sortingRules } from './sorting';
import { unaryRules } from './unary';

/** What every kernel of TensorFlow.js that can be compiled becomes. */
export const kernelRules: KernelRules = {
  ...activationRules,
  ...binaryRules,
  ...hostCallRules,
  ...indexingRules,
  ...logicRules,
  ...matmulRules,
  ...paddingRules,
  ...randomRules,
  ...reductionRules,
  ...scanRules,
  ...sequenceRules,
  ...shapeRules,
  ...slicingRules,
  ...sortingRules,
  ...unaryRules,
};
