/** What a linear-chain model says of one sequence, row-major. */
export interface Chain {
  /** [T, K] */
  readonly emissions: ArrayLike<number>;
  /** [K, K], from a tag to the next. */
  readonly transitions: ArrayLike<number>;
  /** [K]; default zeros. */
  readonly start?: ArrayLike<number>;
  readonly end?: ArrayLike<number>;
  /** [T]: a token with 0 is left out of the chain. Default: all 1. */
  readonly mask?: ArrayLike<number>;
}

/**
 * The best path through a chain and its score, in O(T K²): the tags [T] that maximise the sum of start, emissions, transitions and end; 0 for a token that is left out.
 * Of equal paths the one whose last tag, then last but one, … is least. Plain numbers, no tensors: what decodes an exported model.
 */
export function viterbi({ emissions, transitions, start, end, mask }: Chain): { readonly tags: Int32Array; readonly score: number } {
  const tags = Math.round(Math.sqrt(transitions.length));
  const time = emissions.length / tags;
  const places: number[] = [];
  for (let t = 0; t < time; t++) if (!mask || mask[t]! > 0) places.push(t);
  const path = new Int32Array(time);
  if (places.length === 0) return { tags: path, score: 0 };
  // Where each tag is entered from is read often: by columns.
  const into = new Float64Array(tags * tags);
  for (let i = 0; i < tags; i++) for (let j = 0; j < tags; j++) into[j * tags + i] = transitions[i * tags + j]!;
  let best = Float64Array.from({ length: tags }, (_, j) => (start?.[j] ?? 0) + emissions[places[0]! * tags + j]!);
  let next = new Float64Array(tags);
  const from = new Int32Array(places.length * tags);
  for (let step = 1; step < places.length; step++) {
    const at = places[step]! * tags;
    for (let j = 0; j < tags; j++) {
      let [score, which] = [Number.NEGATIVE_INFINITY, 0];
      for (let i = 0, column = j * tags; i < tags; i++) {
        const candidate = best[i]! + into[column + i]!;
        if (candidate > score) {
          score = candidate;
          which = i;
        }
      }
      next[j] = score + emissions[at + j]!;
      from[step * tags + j] = which;
    }
    [best, next] = [next, best];
  }
  let last = 0;
  const total = (j: number) => best[j]! + (end?.[j] ?? 0);
  for (let j = 1; j < tags; j++) if (total(j) > total(last)) last = j;
  const score = total(last);
  for (let step = places.length - 1; step >= 0; step--) {
    path[places[step]!] = last;
    last = from[step * tags + last]!;
  }
  return { tags: path, score };
}
