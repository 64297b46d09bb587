export { type BinaryCrossEntropyOptions, binaryCrossEntropy } from './binary-cross-entropy';
export type { PerClass } from './classes';
export { type CoralOptions, coral, coralLabels, coralLogits, coralProbabilities } from './coral';
export { corn, cornLabels, cornProbabilities } from './corn';
export { type CrfMask, type CrfOptions, type CrfScores, crf, crfLogPartition, crfMarginals, crfScore, crfViterbi } from './crf';
export { type CrossEntropyOptions, crossEntropy, crossEntropyRows, taggingCrossEntropy } from './cross-entropy';
export { type DiceOptions, dice } from './dice';
export { type DistillationOptions, distillation, type FeatureMatchingOptions, featureMatching } from './distillation';
export { type BinaryFocalOptions, binaryFocal, type FocalOptions, focal } from './focal';
export { type GaussianNllOptions, gaussianNll } from './gaussian';
export { type HingeOptions, hinge, multiClassHinge } from './hinge';
export {
  type InfoNceOptions,
  infoNce,
  multipleNegativesRanking,
  type NtXentOptions,
  ntXent,
  type RankingOptions,
  type SupervisedContrastiveOptions,
  supervisedContrastive,
} from './in-batch';
export { contrastive, cosineEmbedding, type PairLossOptions, type TripletOptions, triplet } from './metric';
export { type QuantileOptions, quantile } from './quantile';
export { absoluteError, type HuberOptions, huber, logCosh, squaredError } from './regression';
export { likeliestSpans, type SequenceCrossEntropyOptions, type SpanOptions, sequenceCrossEntropy, spanExtraction } from './sequence';
export { type Chain, viterbi } from './viterbi';
export { type RowWeights, weightedMean } from './weighted-mean';
