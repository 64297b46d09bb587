import { assertSameLength } from './classification';
import { nGrams, overlap, splitWords } from './n-grams';

export interface BleuOptions {
  /** `13a`, mteval's tokeniser, or `none` for text that is tokenised already. Default: `13a`. */
  readonly tokenize?: '13a' | 'none';
  /** What to do with n-gram orders without a match. Default: `exp`. */
  readonly smooth?: 'none' | 'floor' | 'add-k' | 'exp';
  /** Default: 0.1 for `floor`, 1 for `add-k`. */
  readonly smoothValue?: number;
  readonly lowercase?: boolean;
  /** Leave out orders longer than the hypotheses, for single sentences. */
  readonly effectiveOrder?: boolean;
}

export interface Bleu {
  /** 0 … 100. */
  readonly score: number;
  /** Percent, orders 1 … 4. */
  readonly precisions: number[];
  readonly brevityPenalty: number;
  readonly hypothesisLength: number;
  readonly referenceLength: number;
  /** Clipped matches and n-grams of each order. */
  readonly counts: number[];
  readonly totals: number[];
}

/**
 * Corpus BLEU-4: BP · exp(¼ Σ ln pₙ) with clipped n-gram precisions and the closest reference length (Papineni et al. 2002), as sacreBLEU computes it
 * (Post 2018, arXiv:1804.08771). `references[j][i]` is reference j of hypothesis i.
 */
export function bleu(hypotheses: readonly string[], references: readonly (readonly string[])[], options: BleuOptions = {}): Bleu {
  const { tokenize = '13a', smooth = 'exp', lowercase = false, effectiveOrder = false } = options;
  const smoothValue = options.smoothValue ?? (smooth === 'floor' ? 0.1 : 1);
  const tokens = (text: string) => {
    const line = (lowercase ? text.toLowerCase() : text).trimEnd();
    return splitWords(tokenize === '13a' ? tokenized13a(line) : line);
  };
  const counts = [0, 0, 0, 0];
  const totals = [0, 0, 0, 0];
  let [hypothesisLength, referenceLength] = [0, 0];
  for (const reference of references) assertSameLength(hypotheses, reference);
  hypotheses.forEach((hypothesis, i) => {
    const own = tokens(hypothesis);
    const others = references.map((reference) => tokens(reference[i]!));
    hypothesisLength += own.length;
    const byDistance = others.map(({ length }) => length).sort((a, b) => Math.abs(a - own.length) - Math.abs(b - own.length) || a - b);
    referenceLength += byDistance[0] ?? 0;
    for (let n = 1; n <= 4; n++) {
      const most = new Map<string, number>();
      for (const other of others) for (const [gram, count] of nGrams(other, n)) most.set(gram, Math.max(count, most.get(gram) ?? 0));
      counts[n - 1]! += overlap(nGrams(own, n), most);
      totals[n - 1]! += Math.max(0, own.length - n + 1);
    }
  });
  const brevityPenalty =
    hypothesisLength >= referenceLength ? 1 : hypothesisLength > 0 ? Math.exp(1 - referenceLength / hypothesisLength) : 0;
  const { precisions, order } = smoothed(counts, totals, smooth, smoothValue, effectiveOrder);
  const logSum = precisions.slice(0, order).reduce((sum, p) => sum + (p > 0 ? Math.log(p) : -9999999999), 0);
  const score = counts.some((count) => count > 0) ? brevityPenalty * Math.exp(logSum / order) : 0;
  return { score, precisions, brevityPenalty, hypothesisLength, referenceLength, counts, totals };
}

function smoothed(
  counts: number[],
  totals: number[],
  smooth: BleuOptions['smooth'],
  value: number,
  effectiveOrder: boolean,
): { precisions: number[]; order: number } {
  const precisions = [0, 0, 0, 0];
  let order = 4;
  if (!counts.some((count) => count > 0)) return { precisions, order };
  let halvings = 1;
  for (let n = 1; n <= 4; n++) {
    if (smooth === 'add-k' && n > 1) {
      counts[n - 1]! += value;
      totals[n - 1]! += value;
    }
    if (totals[n - 1] === 0) break;
    if (effectiveOrder) order = n;
    if (counts[n - 1]! > 0) precisions[n - 1] = (100 * counts[n - 1]!) / totals[n - 1]!;
    else if (smooth === 'exp') {
      halvings *= 2;
      precisions[n - 1] = 100 / (halvings * totals[n - 1]!);
    } else if (smooth === 'floor') precisions[n - 1] = (100 * value) / totals[n - 1]!;
  }
  return { precisions, order };
}

/** mteval-v13a: punctuation apart, except periods and commas between digits. */
function tokenized13a(line: string): string {
  return ` ${line.replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ').replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>')} `
    .replace(/([{-~[-` -&(-+:-@/])/g, ' $1 ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ');
}
