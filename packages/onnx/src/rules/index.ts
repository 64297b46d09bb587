import { activationRules } from './activation';
import { binaryRules } from './binary';
import { convolutionRules } from './convolution';
import { einsumRules } from './einsum';
import { fusedConvolutionRules } from './fused-convolution';
import { hostCallRules } from './host-call';
import { indexingRules } from './indexing';
import { logicRules } from './logic';
import { matmulRules } from './matmul';
import { normalizationRules } from './normalization';
import { paddingRules } from './padding';
import { poolingRules } from './pooling';
import { randomRules } from './random';
import { reductionRules } from './reduction';
import { resizeRules } from './resize';
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
  ...convolutionRules,
  ...einsumRules,
  ...fusedConvolutionRules,
  ...hostCallRules,
  ...indexingRules,
  ...logicRules,
  ...matmulRules,
  ...normalizationRules,
  ...paddingRules,
  ...poolingRules,
  ...randomRules,
  ...reductionRules,
  ...resizeRules,
  ...scanRules,
  ...sequenceRules,
  ...shapeRules,
  ...slicingRules,
  ...sortingRules,
  ...unaryRules,
};
