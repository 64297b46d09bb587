import { assertSameLength } from './classification';
import { type Counts, nGrams, overlap, splitWords, totalOf } from './n-grams';

export interface ChrfOptions {
  /** Default: 6. */
  readonly charOrder?: number;
  /** 2 makes it chrF++. Default: 0. */
  readonly wordOrder?: number;
  /** How many times recall counts as much as precision. Default: 2. */
  readonly beta?: number;
}

type Statistic = { readonly hypothesis: number; readonly reference: number; readonly match: number };

/**
 * Corpus chrF, 0 … 100: F_β of the mean precision and recall over orders of character n-grams, white space left out, and of word n-grams for chrF++
 * (Popović 2015, 2017), as sacreBLEU computes it. Each hypothesis counts against its best reference; `references[j][i]` is reference j of hypothesis i.
 */
export function chrf(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
  { charOrder = 6, wordOrder = 0, beta = 2 }: ChrfOptions = {},
): number {
  for (const reference of references) assertSameLength(hypotheses, reference);
  const grams = (text: string): Counts[] => {
    const characters = [...splitWords(text).join('')];
    const words = wordsApart(text);
    return [
      ...Array.from({ length: charOrder }, (_, n) => nGrams(characters, n + 1, '')),
      ...Array.from({ length: wordOrder }, (_, n) => nGrams(words, n + 1)),
    ];
  };
  let sums: Statistic[] = Array.from({ length: charOrder + wordOrder }, () => ({ hypothesis: 0, reference: 0, match: 0 }));
  hypotheses.forEach((hypothesis, i) => {
    const own = grams(hypothesis);
    let best: Statistic[] = [];
    let bestScore = -1;
    for (const reference of references) {
      const statistics = grams(reference[i]!).map((other, n) => ({
        hypothesis: other.size > 0 ? totalOf(own[n]!) : 0,
        reference: totalOf(other),
        match: overlap(own[n]!, other),
      }));
      const score = fScore(statistics, beta);
      if (score > bestScore) [best, bestScore] = [statistics, score];
    }
    sums = sums.map((sum, n) => ({
      hypothesis: sum.hypothesis + (best[n]?.hypothesis ?? 0),
      reference: sum.reference + (best[n]?.reference ?? 0),
      match: sum.match + (best[n]?.match ?? 0),
    }));
  });
  return fScore(sums, beta);
}

function fScore(statistics: readonly Statistic[], beta: number): number {
  const counted = statistics.filter(({ hypothesis, reference }) => hypothesis > 0 && reference > 0);
  if (counted.length === 0) return 0;
  const precision = counted.reduce((sum, { match, hypothesis }) => sum + match / hypothesis, 0) / counted.length;
  const recall = counted.reduce((sum, { match, reference }) => sum + match / reference, 0) / counted.length;
  const factor = beta * beta;
  return precision + recall > 0 ? (100 * (1 + factor) * precision * recall) / (factor * precision + recall) : 0;
}

/** Words, with one ASCII punctuation mark at the end or else at the beginning cut off. */
function wordsApart(text: string): string[] {
  const isMark = (character: string) => /[!-/:-@[-`{-~]/.test(character);
  return splitWords(text).flatMap((word) => {
    const characters = [...word];
    if (characters.length === 1) return [word];
    if (isMark(characters.at(-1)!)) return [characters.slice(0, -1).join(''), characters.at(-1)!];
    return isMark(characters[0]!) ? [characters[0]!, characters.slice(1).join('')] : [word];
  });
}
