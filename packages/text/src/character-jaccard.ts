export interface JaccardOptions {
  /** Length of the n-grams, in UTF-16 units. @default 5 */
  readonly n?: number;
}

/** For each query its nearest reference, the first of several: `indices` (−1 where none shares an n-gram) and the Jaccard similarity in [0, 1]. */
export interface Nearest {
  readonly indices: Int32Array;
  readonly similarities: Float64Array;
}

/** |A ∩ B| / |A ∪ B| of the sets of character n-grams of two texts, lower-cased, runs of white space taken as one space. A text shorter than n is its own only n-gram; empty texts share nothing. */
export function characterJaccard(a: string, b: string, { n = 5 }: JaccardOptions = {}): number {
  const left = ngrams(a, n);
  const right = ngrams(b, n);
  let shared = 0;
  for (const gram of left) if (right.has(gram)) shared++;
  return shared === 0 ? 0 : shared / (left.size + right.size - shared);
}

/**
 * For each of `queries` the reference of greatest `characterJaccard`, exactly, through an inverted index from n-grams to references: the check that no test text
 * stands almost word for word in the training texts.
 */
export function nearestTexts(queries: readonly string[], references: readonly string[], { n = 5 }: JaccardOptions = {}): Nearest {
  const postings = new Map<string, number[]>();
  const sizes = new Int32Array(references.length);
  references.forEach((text, index) => {
    const grams = ngrams(text, n);
    sizes[index] = grams.size;
    for (const gram of grams) {
      const known = postings.get(gram);
      if (known) known.push(index);
      else postings.set(gram, [index]);
    }
  });
  const indices = new Int32Array(queries.length).fill(-1);
  const similarities = new Float64Array(queries.length);
  const shared = new Int32Array(references.length);
  queries.forEach((text, query) => {
    const grams = ngrams(text, n);
    shared.fill(0);
    for (const gram of grams) {
      const holders = postings.get(gram);
      if (holders) for (let i = 0; i < holders.length; i++) shared[holders[i]!]!++;
    }
    for (let index = 0; index < references.length; index++) {
      const count = shared[index]!;
      const similarity = count === 0 ? 0 : count / (grams.size + sizes[index]! - count);
      if (similarity > similarities[query]!) {
        similarities[query] = similarity;
        indices[query] = index;
      }
    }
  });
  return { indices, similarities };
}

function ngrams(text: string, n: number): Set<string> {
  const plain = text.toLowerCase().replace(/\s+/g, ' ').trim();
  const grams = new Set<string>();
  for (let i = 0; i + n <= plain.length; i++) grams.add(plain.slice(i, i + n));
  if (grams.size === 0 && plain !== '') grams.add(plain);
  return grams;
}
