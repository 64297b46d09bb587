import {
  accuracy,
  answerF1,
  auroc,
  aurocMultiClass,
  averagePrecision,
  type Bleu,
  balancedAccuracy,
  bleu,
  brier,
  chrf,
  classScores,
  cohenKappa,
  confusionMatrix,
  exactMatch,
  expectedCalibrationError,
  f1,
  hammingLoss,
  kendall,
  logLoss,
  matthews,
  maximumCalibrationError,
  meanAbsoluteError,
  meanSquaredError,
  multiLabelF1,
  normalizedAnswer,
  pearson,
  perplexity,
  perplexityOfLogits,
  precision as precisionOf,
  r2,
  recall,
  rootMeanSquaredError,
  spanScores,
  spansOf,
  spearman,
  subsetAccuracy,
  topKAccuracy,
} from '@taskloom/trainer';
import type { Cases, Check, GoldenCase, Handler, Numbers, Precision } from './golden';

export const precision: Precision = 'float64';

const value =
  (f: (inputs: GoldenCase, options: GoldenCase['options']) => Numbers): Handler =>
  (given) => [{ name: 'value', got: f(given.inputs, given.options), expected: given.value }];

type ClassOptions = { readonly classes: number; readonly average: 'macro' | 'micro' | 'weighted' | null };

const classAverage = (f: typeof f1, of: 'precision' | 'recall' | 'f1') =>
  value(({ targets, predictions }, options) => {
    const { classes, average } = options as unknown as ClassOptions;
    return average === null ? classScores(targets, predictions, classes)[of] : f(targets, predictions, classes, average);
  });

/** Spans of several sentences as seqeval numbers them: joined by one O each. */
function joinedSpans(sentences: string[][]): [string, number, number][] {
  let offset = 0;
  return sentences.flatMap((tags) => {
    const spans = spansOf(tags).map(([type, first, last]): [string, number, number] => [type, first + offset, last + offset]);
    offset += tags.length + 1;
    return spans;
  });
}

export const cases: Cases = {
  accuracy: value(({ targets, predictions }) => accuracy(targets, predictions)),
  precision: classAverage(precisionOf, 'precision'),
  recall: classAverage(recall, 'recall'),
  f1: classAverage(f1, 'f1'),
  'balanced-accuracy': value(({ targets, predictions }, { classes }) => balancedAccuracy(targets, predictions, classes as number)),
  mcc: value(({ targets, predictions }, { classes }) => matthews(targets, predictions, classes as number)),
  'cohen-kappa': value(({ targets, predictions }, { classes, weights }) =>
    cohenKappa(targets, predictions, classes as number, (weights as 'linear' | 'quadratic' | null) ?? 'none'),
  ),
  'confusion-matrix': value(({ targets, predictions }, { classes }) => confusionMatrix(targets, predictions, classes as number)),
  'top-k-accuracy': value(({ targets, scores }, { k }) => topKAccuracy(targets, scores, k as number)),
  auroc: value(({ targets, scores }) => auroc(targets, scores)),
  'auroc/multiclass-ovr-macro': value(({ targets, probabilities }) => aurocMultiClass(targets, probabilities, 'ovr')),
  'auroc/multiclass-ovo-macro': value(({ targets, probabilities }) => aurocMultiClass(targets, probabilities, 'ovo')),
  'average-precision': value(({ targets, scores }) => averagePrecision(targets, scores)),
  'log-loss': value(({ targets, probabilities }) => logLoss(targets, probabilities)),
  brier: value(({ targets, probabilities }) => brier(targets, probabilities)),
  ece: value(({ targets, probabilities }, { bins }) => expectedCalibrationError(targets, probabilities, bins as number)),
  mce: value(({ targets, probabilities }, { bins }) => maximumCalibrationError(targets, probabilities, bins as number)),
  pearson: value(({ x, y }) => pearson(x, y)),
  spearman: value(({ x, y }) => spearman(x, y)),
  kendall: value(({ x, y }) => kendall(x, y)),
  mae: value(({ targets, predictions }) => meanAbsoluteError(targets, predictions)),
  mse: value(({ targets, predictions }) => meanSquaredError(targets, predictions)),
  rmse: value(({ targets, predictions }) => rootMeanSquaredError(targets, predictions)),
  r2: value(({ targets, predictions }) => r2(targets, predictions)),
  'f1-multilabel': value(({ targets, predictions }, { average }) =>
    multiLabelF1(targets, predictions, average as 'macro' | 'micro' | 'weighted' | 'samples'),
  ),
  'hamming-loss': value(({ targets, predictions }) => hammingLoss(targets, predictions)),
  'subset-accuracy': value(({ targets, predictions }) => subsetAccuracy(targets, predictions)),
  'perplexity/natural': value(({ nll, mask }) => perplexity(nll, mask)),
  'perplexity/logits': value(({ logits, targets, mask }) => perplexityOfLogits(targets, logits, mask)),
  'span-f1': ({ inputs, options, value: expected }) => {
    const got = spanScores(inputs.targets, inputs.predictions, options.mode as 'default' | 'strict');
    const averages = ['micro', 'macro', 'weighted'] as const;
    return averages.flatMap((average) =>
      (['precision', 'recall', 'f1'] as const).map(
        (name): Check => ({ name: `${average} ${name}`, got: got[average][name], expected: expected[average][name] }),
      ),
    );
  },
  'span-entities': ({ inputs, value: expected }) => [
    { name: 'spans', holds: JSON.stringify(joinedSpans(inputs.tags)) === JSON.stringify(expected) },
  ],
  squad: ({ inputs: { prediction, answers }, value: expected }) => [
    { name: 'exact match', got: exactMatch(prediction, answers), expected: expected.exactMatch },
    { name: 'F1', got: answerF1(prediction, answers), expected: expected.f1 },
    { name: 'normal form', holds: normalizedAnswer(prediction) === expected.normalized },
  ],
  bleu: ({ inputs, options, value: expected }) => {
    const got = bleu(inputs.hypotheses, inputs.references, {
      tokenize: options.tokenize as '13a' | 'none',
      smooth: options.smooth as 'none' | 'floor' | 'add-k' | 'exp',
      ...(options.smoothValue === null ? {} : { smoothValue: options.smoothValue as number }),
      lowercase: options.lowercase as boolean,
      effectiveOrder: options.effectiveOrder as boolean,
    });
    return Object.entries(expected).map(([name, numbers]) => ({ name, got: got[name as keyof Bleu], expected: numbers as Numbers }));
  },
  chrf: value(({ hypotheses, references }, { charOrder, wordOrder, beta }) =>
    chrf(hypotheses, references, { charOrder: charOrder as number, wordOrder: wordOrder as number, beta: beta as number }),
  ),
};
