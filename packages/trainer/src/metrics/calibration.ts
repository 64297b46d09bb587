import { assertSameLength, type Numbers, type Rows, ratio } from './classification';

/** Mean −ln p_y over rows of class probabilities [rows][classes], clipped to [ε, 1 − ε] with ε = 2⁻⁵² and renormalised. */
export function logLoss(targets: Numbers, probabilities: Rows): number {
  assertSameLength(targets, probabilities);
  let loss = 0;
  for (let i = 0; i < targets.length; i++) {
    const clipped = Array.from(probabilities[i]!, (p) => Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)));
    loss -= Math.log(clipped[targets[i]!]! / clipped.reduce((a, b) => a + b, 0));
  }
  return ratio(loss, targets.length);
}

/** Mean (p − y)² for 0/1 targets. */
export function brier(targets: Numbers, probabilities: Numbers): number {
  assertSameLength(targets, probabilities);
  let sum = 0;
  for (let i = 0; i < targets.length; i++) sum += (probabilities[i]! - targets[i]!) ** 2;
  return ratio(sum, targets.length);
}

export interface CalibrationBin {
  readonly count: number;
  readonly accuracy: number;
  readonly confidence: number;
}

/** Rows by their top probability, in bins (a, b] of equal width (a reliability diagram). Of equal probabilities the first class is predicted. */
export function calibrationBins(targets: Numbers, probabilities: Rows, bins = 15): CalibrationBin[] {
  assertSameLength(targets, probabilities);
  const sums = Array.from({ length: bins }, () => ({ count: 0, right: 0, confidence: 0 }));
  for (let i = 0; i < targets.length; i++) {
    const row = probabilities[i]!;
    let top = 0;
    for (let k = 1; k < row.length; k++) if (row[k]! > row[top]!) top = k;
    const sum = sums[Math.min(bins - 1, Math.max(0, Math.ceil(row[top]! * bins) - 1))]!;
    sum.count++;
    sum.right += Number(top === targets[i]);
    sum.confidence += row[top]!;
  }
  return sums.map(({ count, right, confidence }) => ({ count, accuracy: ratio(right, count), confidence: ratio(confidence, count) }));
}

/** Expected calibration error Σ n_b/n |accuracy_b − confidence_b| (Guo et al. 2017, arXiv:1706.04599; 15 bins as there). */
export function expectedCalibrationError(targets: Numbers, probabilities: Rows, bins = 15): number {
  const all = calibrationBins(targets, probabilities, bins);
  return ratio(
    all.reduce((sum, bin) => sum + bin.count * Math.abs(bin.accuracy - bin.confidence), 0),
    targets.length,
  );
}

/** The largest gap |accuracy_b − confidence_b|. */
export function maximumCalibrationError(targets: Numbers, probabilities: Rows, bins = 15): number {
  return Math.max(0, ...calibrationBins(targets, probabilities, bins).map((bin) => Math.abs(bin.accuracy - bin.confidence)));
}

/** exp(mean negative log likelihood) of tokens, those of mask 0 left out; 1 for none. */
export function perplexity(negativeLogLikelihood: Numbers, mask?: Numbers): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < negativeLogLikelihood.length; i++) {
    if (mask && !mask[i]) continue;
    sum += negativeLogLikelihood[i]!;
    count++;
  }
  return Math.exp(ratio(sum, count));
}

/** The same from logits [tokens][classes] and target classes. */
export function perplexityOfLogits(targets: Numbers, logits: Rows, mask?: Numbers): number {
  assertSameLength(targets, logits);
  const losses = Array.from({ length: targets.length }, (_, i) => {
    const row = Array.from(logits[i]!);
    const top = Math.max(...row);
    return top + Math.log(row.reduce((sum, z) => sum + Math.exp(z - top), 0)) - row[targets[i]!]!;
  });
  return perplexity(losses, mask);
}
