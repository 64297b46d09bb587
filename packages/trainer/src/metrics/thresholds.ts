import { hostRandom } from '@taskloom/core';
import { assertSameLength, type Numbers, type Rows } from './classification';

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

/** Logarithms of a class's threshold that are looked at, from e^−1.5 to e^1.5. */
const steps = Array.from({ length: 25 }, (_, i) => (i - 12) / 8);
const rounds = 3;
/** What a score has to gain for a mean |log t| of 1: thresholds that hardly help stay where they are. */
const price = 0.01;

/**
 * Thresholds t of K classes, of sum 1, at which the decisions argmax pₖ/tₖ have the greatest `score(targets, decisions)`, by ascent in one class at a time; all equal where
 * those found on either half of the rows do not raise the score on the other. What a rare class is worth differs from metric to metric, and training knows none of them (macro F1: Lipton et al. 2014,
 * arXiv:1402.1892).
 */
export function bestClassThresholds(
  targets: Numbers,
  probabilities: Rows,
  score: (targets: readonly number[], decisions: readonly number[]) => number,
): number[] {
  assertSameLength(targets, probabilities);
  const classes = probabilities[0]?.length ?? 0;
  const logs = Array.from(probabilities, (row) => Float64Array.from(row, (p) => Math.log(Math.max(p, 1e-30))));
  const equal = new Array<number>(classes).fill(0);
  const scoreOf = (rows: readonly number[], decide: (i: number) => number) =>
    score(
      rows.map((i) => targets[i]!),
      rows.map(decide),
    );
  const by = (thresholds: readonly number[]) => (i: number) => decided(logs[i]!, thresholds);
  const ascended = (rows: readonly number[]) => {
    let found = equal;
    let best = scoreOf(rows, by(found));
    for (let round = 0; round < rounds; round++)
      for (let k = 0; k < classes; k++) {
        // Whatever the threshold of k, a row is of k or of the best of the others.
        const before = found;
        const others = replaced(before, k, Infinity);
        const rivals = logs.map((row) => decided(row, others));
        for (const step of steps) {
          const value = scoreOf(rows, (i) => {
            const [row, rival] = [logs[i]!, rivals[i]!];
            const lead = row[k]! - step - (row[rival]! - before[rival]!);
            return lead > 0 || (lead === 0 && k < rival) ? k : rival;
          });
          const next = replaced(before, k, step);
          const cost = (price * next.reduce((sum, log) => sum + Math.abs(log), 0)) / classes;
          if (value - cost > best) [found, best] = [next, value - cost];
        }
      }
    return found;
  };
  const rows = Array.from(targets, (_, i) => i);
  // Drawn, for rows may come in turn or sorted.
  const drawn = hostRandom('halves').uniform(rows.length);
  const halves = [rows.filter((i) => drawn[i]! < 0.5), rows.filter((i) => drawn[i]! >= 0.5)];
  const helps = halves.every((half, i) => {
    const other = halves[1 - i]!;
    return half.length * other.length > 0 && scoreOf(other, by(ascended(half))) > scoreOf(other, by(equal));
  });
  const thresholds = (helps ? ascended(rows) : equal).map(Math.exp);
  const total = thresholds.reduce((a, b) => a + b, 0);
  return thresholds.map((threshold) => threshold / total);
}

/** The class of the greatest pₖ/tₖ, of equal ones the first. */
function decided(logs: Float64Array, thresholds: readonly number[]): number {
  let best = 0;
  for (let k = 1; k < logs.length; k++) if (logs[k]! - thresholds[k]! > logs[best]! - thresholds[best]!) best = k;
  return best;
}

function replaced(values: readonly number[], at: number, value: number): number[] {
  return values.map((old, i) => (i === at ? value : old));
}
