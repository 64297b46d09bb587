export { type BinaryCrossEntropyOptions, binaryCrossEntropy } from './binary-cross-entropy';
export type { PerClass } from './classes';
export { type CoralOptions, coral, coralLabels, coralLogits, coralProbabilities } from './coral';
export { type CrossEntropyOptions, crossEntropy, crossEntropyRows, taggingCrossEntropy } from './cross-entropy';
export { absoluteError, type HuberOptions, huber, squaredError } from './regression';
export { type RowWeights, weightedMean } from './weighted-mean';
