import * as metrics from '@taskloom/trainer';
import type { Cases, Check, GoldenCase, Handler, Numbers, Precision } from './golden';

export const precision: Precision = 'float64';

const value =
  (f: (inputs: GoldenCase, options: GoldenCase['options']) => Numbers): Handler =>
  (given) => [{ name: 'value', got: f(given.inputs, given.options), expected: given.value }];

type ClassOptions = { readonly classes: number; readonly average: 'macro' | 'micro' | 'weighted' | null };

const classAverage = (f: typeof metrics.f1, of: 'precision' | 'recall' | 'f1') =>
  value(({ targets, predictions }, options) => {
    const { classes, average } = options as unknown as ClassOptions;
    return average === null ? metrics.classScores(targets, predictions, classes)[of] : f(targets, predictions, classes, average);
  });

/** Spans of several sentences as seqeval numbers them: joined by one O each. */
function joinedSpans(sentences: string[][]): [string, number, number][] {
  let offset = 0;
  return sentences.flatMap((tags) => {
    const spans = metrics.spansOf(tags).map(([type, first, last]): [string, number, number] => [type, first + offset, last + offset]);
    offset += tags.length + 1;
    return spans;
  });
}

export const cases: Cases = {
  accuracy: value(({ targets, predictions }) => metrics.accuracy(targets, predictions)),
  precision: classAverage(metrics.precision, 'precision'),
  recall: classAverage(metrics.recall, 'recall'),
  f1: classAverage(metrics.f1, 'f1'),
  'balanced-accuracy': value(({ targets, predictions }, { classes }) => metrics.balancedAccuracy(targets, predictions, classes as number)),
  mcc: value(({ targets, predictions }, { classes }) => metrics.matthews(targets, predictions, classes as number)),
  'cohen-kappa': value(({ targets, predictions }, { classes, weights }) =>
    metrics.cohenKappa(targets, predictions, classes as number, (weights as 'linear' | 'quadratic' | null) ?? 'none'),
  ),
  'confusion-matrix': value(({ targets, predictions }, { classes }) => metrics.confusionMatrix(targets, predictions, classes as number)),
  'top-k-accuracy': value(({ targets, scores }, { k }) => metrics.topKAccuracy(targets, scores, k as number)),
  auroc: value(({ targets, scores }) => metrics.auroc(targets, scores)),
  'auroc/multiclass-ovr-macro': value(({ targets, probabilities }) => metrics.aurocMultiClass(targets, probabilities, 'ovr')),
  'auroc/multiclass-ovo-macro': value(({ targets, probabilities }) => metrics.aurocMultiClass(targets, probabilities, 'ovo')),
  'average-precision': value(({ targets, scores }) => metrics.averagePrecision(targets, scores)),
  'log-loss': value(({ targets, probabilities }) => metrics.logLoss(targets, probabilities)),
  brier: value(({ targets, probabilities }) => metrics.brier(targets, probabilities)),
  ece: value(({ targets, probabilities }, { bins }) => metrics.expectedCalibrationError(targets, probabilities, bins as number)),
  mce: value(({ targets, probabilities }, { bins }) => metrics.maximumCalibrationError(targets, probabilities, bins as number)),
  pearson: value(({ x, y }) => metrics.pearson(x, y)),
  spearman: value(({ x, y }) => metrics.spearman(x, y)),
  kendall: value(({ x, y }) => metrics.kendall(x, y)),
  mae: value(({ targets, predictions }) => metrics.meanAbsoluteError(targets, predictions)),
  mse: value(({ targets, predictions }) => metrics.meanSquaredError(targets, predictions)),
  rmse: value(({ targets, predictions }) => metrics.rootMeanSquaredError(targets, predictions)),
  r2: value(({ targets, predictions }) => metrics.r2(targets, predictions)),
  'f1-multilabel': value(({ targets, predictions }, { average }) =>
    metrics.multiLabelF1(targets, predictions, average as 'macro' | 'micro' | 'weighted' | 'samples'),
  ),
  'hamming-loss': value(({ targets, predictions }) => metrics.hammingLoss(targets, predictions)),
  'subset-accuracy': value(({ targets, predictions }) => metrics.subsetAccuracy(targets, predictions)),
  'perplexity/natural': value(({ nll, mask }) => metrics.perplexity(nll, mask)),
  'perplexity/logits': value(({ logits, targets, mask }) => metrics.perplexityOfLogits(targets, logits, mask)),
  'span-f1': ({ inputs, options, value: expected }) => {
    const got = metrics.spanScores(inputs.targets, inputs.predictions, options.mode as 'default' | 'strict');
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
    { name: 'exact match', got: metrics.exactMatch(prediction, answers), expected: expected.exactMatch },
    { name: 'F1', got: metrics.answerF1(prediction, answers), expected: expected.f1 },
    { name: 'normal form', holds: metrics.normalizedAnswer(prediction) === expected.normalized },
  ],
  bleu: ({ inputs, options, value: expected }) => {
    const got = metrics.bleu(inputs.hypotheses, inputs.references, {
      tokenize: options.tokenize as '13a' | 'none',
      smooth: options.smooth as 'none' | 'floor' | 'add-k' | 'exp',
      ...(options.smoothValue === null ? {} : { smoothValue: options.smoothValue as number }),
      lowercase: options.lowercase as boolean,
      effectiveOrder: options.effectiveOrder as boolean,
    });
    return Object.entries(expected).map(([name, numbers]) => ({
      name,
      got: got[name as keyof metrics.Bleu],
      expected: numbers as Numbers,
    }));
  },
  chrf: value(({ hypotheses, references }, { charOrder, wordOrder, beta }) =>
    metrics.chrf(hypotheses, references, { charOrder: charOrder as number, wordOrder: wordOrder as number, beta: beta as number }),
  ),
};
