import { assertSameLength, type Numbers, type Rows, ratio } from './classification';
import { ranks } from './correlation';

/** Area under the ROC curve of 0/1 targets: the chance that a positive outscores a negative, ties counting ½ (Mann–Whitney). NaN without both classes. */
export function auroc(targets: Numbers, scores: Numbers): number {
  assertSameLength(targets, scores);
  const rank = ranks(scores);
  let [positives, rankSum] = [0, 0];
  for (let i = 0; i < targets.length; i++) {
    if (targets[i]! > 0) {
      positives++;
      rankSum += rank[i]!;
    }
  }
  const negatives = targets.length - positives;
  return positives === 0 || negatives === 0 ? Number.NaN : (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Mean area for K classes: `ovr`, each class against the rest; `ovo`, each pair of classes in both directions (Hand & Till 2001).
 * Classes or pairs that do not occur are left out of the mean.
 */
export function aurocMultiClass(targets: Numbers, scores: Rows, multiClass: 'ovr' | 'ovo' = 'ovr'): number {
  assertSameLength(targets, scores);
  const classes = scores[0]?.length ?? 0;
  const rows = Array.from({ length: targets.length }, (_, i) => i);
  const area = (own: number, among: readonly number[]) =>
    auroc(
      among.map((i) => Number(targets[i] === own)),
      among.map((i) => scores[i]![own]!),
    );
  const areas: number[] = [];
  for (let a = 0; a < classes; a++) {
    if (multiClass === 'ovr') areas.push(area(a, rows));
    else {
      for (let b = a + 1; b < classes; b++) {
        const among = rows.filter((i) => targets[i] === a || targets[i] === b);
        areas.push((area(a, among) + area(b, among)) / 2);
      }
    }
  }
  const known = areas.filter((value) => !Number.isNaN(value));
  return known.length > 0 ? known.reduce((x, y) => x + y, 0) / known.length : Number.NaN;
}

/** Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds, without interpolation; rows of equal score are one threshold. 0 without a positive. */
export function averagePrecision(targets: Numbers, scores: Numbers): number {
  assertSameLength(targets, scores);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const positives = order.filter((i) => targets[i]! > 0).length;
  let [sum, hits, before] = [0, 0, 0];
  order.forEach((row, n) => {
    if (targets[row]! > 0) hits++;
    const next = order[n + 1];
    if (next !== undefined && scores[next] === scores[row]) return;
    sum += ((hits - before) * hits) / (n + 1);
    before = hits;
  });
  return ratio(sum, positives);
}

/** The mean of `averagePrecision` over the labels of rows that may have several, 0/1 [rows][labels]; labels without a positive are left out. */
export function macroAveragePrecision(targets: Rows, scores: Rows): number {
  assertSameLength(targets, scores);
  const precisions: number[] = [];
  for (let k = 0; k < (targets[0]?.length ?? 0); k++) {
    const own = Array.from({ length: targets.length }, (_, i) => targets[i]![k]!);
    const score = Array.from({ length: scores.length }, (_, i) => scores[i]![k]!);
    if (own.some((target) => target > 0)) precisions.push(averagePrecision(own, score));
  }
  return precisions.length > 0 ? precisions.reduce((a, b) => a + b, 0) / precisions.length : Number.NaN;
}
