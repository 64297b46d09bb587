import { byteTokens, type Model, type ModelToken } from './model';

interface Node {
  id?: number;
  readonly next: Map<string, Node>;
}

/** How much worse than the worst token an unknown character is. */
const unknownPenalty = 10;

/**
 * The Unigram model (Kudo 2018, arXiv 1804.10959): the segmentation of greatest sum of log-probabilities, by dynamic programming over a trie; of equal ones
 * the first found. Neighbouring unknown characters make one token.
 */
export function unigram(config: { readonly [option: string]: unknown }, vocab: readonly (readonly [string, number])[]): Model {
  const unknown = config.unk_id as number | null | undefined;
  const fallback = config.byte_fallback === true;
  const root: Node = { next: new Map() };
  const ids = new Map<string, number>();
  let least = Number.POSITIVE_INFINITY;
  vocab.forEach(([token, score], id) => {
    ids.set(token, id);
    least = Math.min(least, score);
    let node = root;
    for (const char of token) {
      let next = node.next.get(char);
      if (!next) {
        next = { next: new Map() };
        node.next.set(char, next);
      }
      node = next;
    }
    node.id = id;
  });
  const unknownScore = least - unknownPenalty;

  /** Ends of the tokens of the best path, whether known or not. */
  function bestPath(chars: readonly string[]): { start: number; end: number; known: boolean }[] {
    const size = chars.length;
    const score = new Float64Array(size + 1);
    const from = new Int32Array(size + 1).fill(-1);
    const last = new Int32Array(size + 1);
    const offer = (end: number, start: number, candidate: number, id: number) => {
      if (from[end]! >= 0 && !(candidate > score[end]!)) return;
      score[end] = candidate;
      from[end] = start;
      last[end] = id;
    };
    for (let start = 0; start < size; start++) {
      let single = false;
      let node: Node | undefined = root;
      for (let end = start; end < size; ) {
        node = node.next.get(chars[end++]!);
        if (!node) break;
        if (node.id === undefined) continue;
        offer(end, start, vocab[node.id]![1] + score[start]!, node.id);
        single ||= end === start + 1;
      }
      if (!single) offer(start + 1, start, unknownScore + score[start]!, unknown ?? -1);
    }
    const path: { start: number; end: number; known: boolean }[] = [];
    for (let end = size; end > 0; end = from[end]!) {
      const known = last[end]! >= 0 && last[end] !== unknown;
      const next = path.at(-1);
      if (!known && next && !next.known) next.start = from[end]!;
      else path.push({ start: from[end]!, end, known });
    }
    return path.reverse();
  }

  return (chars) =>
    bestPath(chars).flatMap(({ start, end }): ModelToken[] => {
      const token = chars.slice(start, end).join('');
      const id = ids.get(token);
      const bytes = id === undefined && fallback ? byteTokens(token, ids) : undefined;
      if (bytes) return bytes.map((byte) => ({ ...byte, start, end }));
      return [{ id: id ?? unknown ?? undefined, token, start, end }];
    });
}
