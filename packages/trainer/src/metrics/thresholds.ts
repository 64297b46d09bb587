import { assertSameLength, type Numbers } from './classification';

/**
 * The threshold t at which the decisions `score ≥ t` have the greatest F1 (of equal ones, the highest), halfway between neighbouring scores; undefined without a positive.
 * Each label of a row that has several may be given its own: macro F1 is then greatest too. Scores are compared as float32, as on a backend.
 */
export function bestF1Threshold(targets: Numbers, scores: Numbers): number | undefined {
  assertSameLength(targets, scores);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const positives = order.filter((i) => targets[i]! > 0).length;
  let [hits, best] = [0, 0];
  let threshold: number | undefined;
  for (const [n, row] of order.entries()) {
    if (targets[row]! > 0) hits++;
    const [score, next] = [scores[row]!, scores[order[n + 1] ?? -1]];
    const f1 = (2 * hits) / (n + 1 + positives);
    if (next === score || f1 <= best) continue;
    best = f1;
    threshold = next === undefined ? score : between(next, score);
  }
  return threshold;
}

/** Above `low`, at most `high`, whatever float32 rounds the middle to. */
function between(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle > low && middle <= high ? middle : high;
}
