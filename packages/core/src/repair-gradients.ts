import { type GradConfig, getGradient, registerGradient, unregisterGradient } from '@tensorflow/tfjs-core';
import { binaryRules } from './repair/binary';
import { constantRules } from './repair/constant';
import { convolutionRules } from './repair/convolution';
import { completeKernels } from './repair/host-kernels';
import { indexingRules } from './repair/indexing';
import { matmulRules } from './repair/matmul';
import { reductionRules } from './repair/reduction';
import { toConfig } from './repair/rule';
import { shapeRules } from './repair/shape';
import { unaryRules } from './repair/unary';

let configs: readonly GradConfig[] | undefined;

/**
 * Registers gradients that are right at first and at higher orders, in place of those of TensorFlow.js, of which some are silently wrong at
 * second order and others missing (tensorflow/tfjs#3252); `@tensorflow/tfjs-core` alone registers none. Also gives the wasm backend the kernels
 * that gradients need and it lacks, and the cpu backend a segment sum whose cost does not grow with the number of segments.
 *
 * Idempotent and cheap; every function of Taskloom that differentiates calls it. Call it yourself before `tf.grad` or `model.fit` to train with
 * repaired gradients. `tf.logSoftmax`, `tf.logSigmoid` and `tf.losses.softmaxCrossEntropy` bring gradients of their own, which a registry cannot
 * reach: use `logSoftmax` of this package instead. docs/gradients.md lists what is covered.
 */
export function repairGradients(): void {
  configs ??= Object.entries({
    ...unaryRules,
    ...binaryRules,
    ...constantRules,
    ...reductionRules,
    ...shapeRules,
    ...indexingRules,
    ...matmulRules,
    ...convolutionRules,
  }).map(([kernel, rule]) => toConfig(kernel, rule));
  for (const config of configs) {
    const present: GradConfig | undefined = getGradient(config.kernelName);
    if (present === config) continue;
    if (present) unregisterGradient(config.kernelName);
    registerGradient(config);
  }
  completeKernels();
}
