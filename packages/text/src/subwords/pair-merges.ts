/** Words as symbols: word w is `symbols[starts[w] … starts[w + 1])`, met `counts[w]` times. */
export interface CountedWords {
  readonly symbols: Int32Array;
  readonly starts: Int32Array;
  readonly counts: Float64Array;
}

/** Occurrences of a pair of neighbours that wait for their turn: words that may hold it, and the pair's count when it was last looked at. */
interface Candidate {
  readonly pair: number;
  count: number;
  readonly words: number[];
}

/** A pair of symbols as one number, ordered as the pair is. */
const idBits = 2 ** 24;

/**
 * The merges of byte-pair encoding, one a call: of all pairs of neighbours the most frequent, of equally frequent ones that of least ids, as the trainer of
 * `tokenizers` does it. Counts are kept up to date by what changes beside each place merged, and looked up again when a pair comes to the top of the heap.
 */
export class PairMerges {
  readonly #symbols: Int32Array;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  readonly #wordCounts: Float64Array;
  readonly #pairCounts = new Map<number, number>();
  readonly #heap: Candidate[] = [];
  /** Per symbol how many initial ones it stands for, where lengths are limited. */
  readonly #widths: number[] = [];
  readonly #longest: number;
  #fresh = new Map<number, number[]>();

  constructor({ symbols, starts, counts }: CountedWords, longest = Number.POSITIVE_INFINITY) {
    this.#symbols = symbols;
    this.#starts = starts;
    this.#wordCounts = counts;
    this.#longest = longest;
    this.#lengths = Int32Array.from(counts, (_, word) => starts[word + 1]! - starts[word]!);
    for (let word = 0; word < counts.length; word++)
      for (let i = starts[word]!; i + 1 < starts[word + 1]!; i++) this.#change(symbols[i]! * idBits + symbols[i + 1]!, counts[word]!, word);
    this.#queue();
  }

  /** The next pair to merge, or undefined where none is as frequent as `minimum`. */
  next(minimum: number): { readonly left: number; readonly right: number; readonly words: readonly number[] } | undefined {
    for (;;) {
      const top = this.#pop();
      if (!top) return undefined;
      const count = this.#pairCounts.get(top.pair)!;
      if (top.count !== count) {
        top.count = count;
        this.#push(top);
        continue;
      }
      if (count < 1 || count < minimum) return undefined;
      return { left: Math.floor(top.pair / idBits), right: top.pair % idBits, words: top.words };
    }
  }

  /** Puts `made` where the pair stands in `words`. */
  merge(left: number, right: number, made: number, words: readonly number[]): void {
    const symbols = this.#symbols;
    const width = this.#width(left) + this.#width(right);
    this.#widths[made] = width;
    for (const word of words) {
      const start = this.#starts[word]!;
      const length = this.#lengths[word]!;
      const count = this.#wordCounts[word]!;
      let to = start;
      for (let from = start; from < start + length; ) {
        if (symbols[from] !== left || from + 1 >= start + length || symbols[from + 1] !== right) {
          symbols[to++] = symbols[from++]!;
          continue;
        }
        from += 2;
        if (to > start) this.#beside(symbols[to - 1]!, left, symbols[to - 1]!, made, symbols[to - 1]!, width, count, word);
        symbols[to++] = made;
        if (from < start + length) this.#beside(right, symbols[from]!, made, symbols[from]!, symbols[from]!, width, count, word);
      }
      this.#lengths[word] = to - start;
    }
    this.#queue();
  }

  /** One pair less, and one more that is made, unless it is too long. */
  #beside(oldLeft: number, oldRight: number, left: number, right: number, other: number, width: number, count: number, word: number): void {
    const old = oldLeft * idBits + oldRight;
    this.#pairCounts.set(old, (this.#pairCounts.get(old) ?? 0) - count);
    if (this.#longest === Number.POSITIVE_INFINITY || this.#width(other) + width < this.#longest)
      this.#change(left * idBits + right, count, word);
  }

  #width(symbol: number): number {
    return this.#widths[symbol] ?? 1;
  }

  #change(pair: number, count: number, word: number): void {
    this.#pairCounts.set(pair, (this.#pairCounts.get(pair) ?? 0) + count);
    const words = this.#fresh.get(pair);
    if (!words) this.#fresh.set(pair, [word]);
    else if (words[words.length - 1] !== word) words.push(word);
  }

  #queue(): void {
    for (const [pair, words] of this.#fresh) {
      const count = this.#pairCounts.get(pair)!;
      if (count > 0) this.#push({ pair, count, words });
    }
    this.#fresh = new Map();
  }

  #push(candidate: Candidate): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(candidate);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!precedes(candidate, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = candidate;
  }

  #pop(): Candidate | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    const size = heap.length;
    if (!last || size === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && precedes(heap[child + 1]!, heap[child]!)) child++;
      if (!precedes(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function precedes(a: Candidate, b: Candidate): boolean {
  return a.count > b.count || (a.count === b.count && a.pair < b.pair);
}
