import { ratio } from './classification';
import { nGrams, overlap, totalOf } from './n-grams';
import type { PrecisionRecallF1 } from './spans';

/** Lower-cased runs of letters and digits. */
function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** ROUGE-N: overlap of n-grams of words (Lin 2004), no stemming. */
export function rougeN(hypothesis: string, reference: string, n = 1): PrecisionRecallF1 {
  const [own, other] = [nGrams(words(hypothesis), n), nGrams(words(reference), n)];
  return scores(overlap(own, other), totalOf(own), totalOf(other));
}

/** ROUGE-L: the longest common subsequence of words (Lin 2004). */
export function rougeL(hypothesis: string, reference: string): PrecisionRecallF1 {
  const [own, other] = [words(hypothesis), words(reference)];
  let row = new Uint32Array(other.length + 1);
  for (const word of own) {
    const next = new Uint32Array(other.length + 1);
    for (let j = 1; j <= other.length; j++) next[j] = other[j - 1] === word ? row[j - 1]! + 1 : Math.max(row[j]!, next[j - 1]!);
    row = next;
  }
  return scores(row[other.length]!, own.length, other.length);
}

function scores(common: number, own: number, other: number): PrecisionRecallF1 {
  return { precision: ratio(common, own), recall: ratio(common, other), f1: ratio(2 * common, own + other) };
}
