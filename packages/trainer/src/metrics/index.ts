export { type Bleu, type BleuOptions, bleu } from './bleu';
export {
  brier,
  type CalibrationBin,
  calibrationBins,
  expectedCalibrationError,
  logLoss,
  maximumCalibrationError,
  perplexity,
  perplexityOfLogits,
} from './calibration';
export { type ChrfOptions, chrf } from './chrf';
export {
  type Average,
  accuracy,
  balancedAccuracy,
  type ClassScores,
  classScores,
  cohenKappa,
  confusionMatrix,
  f1,
  matthews,
  precision,
  recall,
  topKAccuracy,
} from './classification';
export { kendall, pearson, spearman } from './correlation';
export { hammingLoss, multiLabelF1, multiLabelScores, subsetAccuracy } from './multi-label';
export { answerF1, exactMatch, normalizedAnswer } from './question-answering';
export { auroc, aurocMultiClass, averagePrecision, macroAveragePrecision } from './ranking';
export { higherIsBetter, metricName, metricOf, metrics } from './registry';
export { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from './regression';
export { rougeL, rougeN } from './rouge';
export { type PrecisionRecallF1, type Span, type SpanMode, spanScores, spansOf } from './spans';
export { bestClassThresholds, bestF1Threshold } from './thresholds';
