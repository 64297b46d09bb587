// Throughput of the text package. Run: node examples/run.mjs ../bench/text.ts
import { hostRandom } from '@taskloom/core/host';
import { hashedFeatures, nearestTexts } from '@taskloom/text';

const random = hostRandom('bench');
const vocabulary = Array.from({ length: 5000 }, (_, i) => `w${((i * 2654435761) >>> 0).toString(36)}`);
const texts = Array.from({ length: 4000 }, (_, i) =>
  Array.from(random.fold(i).uniform(18), (u) => vocabulary[Math.floor(u * u * 5000)]).join(' '),
);
const megabytes = texts.reduce((sum, text) => sum + text.length, 0) / 1e6;

function median(rounds: number, work: () => void): number {
  const seconds = Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1000;
  }).sort((a, b) => a - b);
  return seconds[rounds >> 1]!;
}

const fresh = median(7, () => {
  const features = hashedFeatures();
  for (const text of texts) features.bag(text);
});
const features = hashedFeatures();
const warm = median(7, () => {
  for (const text of texts) features.bag(text);
});
const near = median(7, () => nearestTexts(texts.slice(0, 1000), texts.slice(1000)));

console.log('| work | median of 7 |\n|---|---:|');
console.log(`| bag of words, bigrams, character 3–6-grams; words not yet cached | ${(megabytes / fresh).toFixed(1)} MB/s |`);
console.log(`| the same, words cached | ${(megabytes / warm).toFixed(1)} MB/s |`);
console.log(`| nearest of 3,000 texts by character 5-grams, for 1,000 texts | ${near.toFixed(2)} s |`);
