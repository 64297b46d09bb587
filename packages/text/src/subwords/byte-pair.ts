import { byteTokens, type Model, type ModelToken } from './model';

interface Symbol {
  id: number;
  readonly start: number;
  end: number;
}

/** Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909): of all neighbours the pair merged earliest in training is joined, the leftmost first. */
export function bytePair(config: { readonly [option: string]: unknown }, vocab: ReadonlyMap<string, number>): Model {
  const unknown = typeof config.unk_token === 'string' ? config.unk_token : undefined;
  const prefix = typeof config.continuing_subword_prefix === 'string' ? config.continuing_subword_prefix : '';
  const suffix = typeof config.end_of_word_suffix === 'string' ? config.end_of_word_suffix : '';
  const { byte_fallback: fallback, fuse_unk: fuse, ignore_merges: whole } = config;
  const names = new Map([...vocab].map(([token, id]) => [id, token]));
  const merges = mergeTable(config.merges, vocab, prefix);

  function symbolsOf(chars: readonly string[]): Symbol[] {
    const out: Symbol[] = [];
    let pending = false; // whether the last symbol is unknown, for fusing
    chars.forEach((char, i) => {
      const text = (i > 0 ? prefix : '') + char + (i === chars.length - 1 ? suffix : '');
      const id = vocab.get(text);
      const bytes = id === undefined && fallback ? byteTokens(text, vocab) : undefined;
      if (id !== undefined) out.push({ id, start: i, end: i + 1 });
      else if (bytes) for (const byte of bytes) out.push({ id: byte.id, start: i, end: i + 1 });
      else if (unknown !== undefined) {
        if (pending && fuse) out.at(-1)!.end = i + 1;
        else out.push({ id: vocab.get(unknown) ?? -1, start: i, end: i + 1 });
        pending = true;
        return;
      }
      pending = false;
    });
    return out;
  }

  return (chars): ModelToken[] => {
    const text = whole ? chars.join('') : '';
    const id = whole ? vocab.get(text) : undefined;
    if (id !== undefined) return [{ id, token: text, start: 0, end: chars.length }];
    return merged(symbolsOf(chars), merges).map(({ id, start, end }) => ({
      id: id < 0 ? undefined : id,
      token: names.get(id) ?? unknown ?? '',
      start,
      end,
    }));
  };
}

interface Merges {
  /** By the two ids: place among the merges. */
  readonly ranks: ReadonlyMap<number, number>;
  /** By that place: the id of what is made. */
  readonly made: Int32Array;
}

const pairKey = (left: number, right: number) => left * 2 ** 24 + right;

function mergeTable(given: unknown, vocab: ReadonlyMap<string, number>, prefix: string): Merges {
  const list = given as readonly (string | readonly [string, string])[];
  const ranks = new Map<number, number>();
  const made = Int32Array.from(list, (merge, rank) => {
    const [left, right, more] = typeof merge === 'string' ? merge.split(' ') : merge;
    const ids = [left, right, left! + right!.slice(prefix.length)].map((token) => vocab.get(token!));
    if (more !== undefined || ids.includes(undefined)) throw new Error(`the merge '${String(merge)}' is not made of tokens`);
    ranks.set(pairKey(ids[0]!, ids[1]!), rank);
    return ids[2]!;
  });
  return { ranks, made };
}

/** Joins symbols as long as a merge applies: least rank first, then leftmost. Candidates wait in a binary heap, so that long pieces take n · log n. */
function merged(symbols: Symbol[], { ranks, made }: Merges): Symbol[] {
  const next = Int32Array.from(symbols, (_, i) => i + 1);
  const before = Int32Array.from(symbols, (_, i) => i - 1);
  const gone = new Uint8Array(symbols.length);
  const heap: number[] = []; // rank · 2^24 + place of the left symbol: least first
  const push = (left: number) => {
    const right = next[left]!;
    const rank = left < 0 || right >= symbols.length ? undefined : ranks.get(pairKey(symbols[left]!.id, symbols[right]!.id));
    if (rank !== undefined) pushHeap(heap, rank * 2 ** 24 + left);
  };
  for (let i = 0; i + 1 < symbols.length; i++) push(i);
  while (heap.length > 0) {
    const top = popHeap(heap);
    const rank = Math.floor(top / 2 ** 24);
    const left = top % 2 ** 24;
    const right = next[left]!;
    if (gone[left] || right >= symbols.length) continue;
    const now = ranks.get(pairKey(symbols[left]!.id, symbols[right]!.id));
    if (now === undefined || made[now] !== made[rank]) continue; // what it was made of has changed
    symbols[left]!.id = made[rank]!;
    symbols[left]!.end = symbols[right]!.end;
    gone[right] = 1;
    next[left] = next[right]!;
    if (next[left]! < symbols.length) before[next[left]!] = left;
    push(before[left]!);
    push(left);
  }
  return symbols.filter((_, i) => !gone[i]);
}

function pushHeap(heap: number[], value: number): void {
  let i = heap.length;
  heap.push(value);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent]! <= value) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = value;
}

function popHeap(heap: number[]): number {
  const top = heap[0]!;
  const value = heap.pop()!;
  const size = heap.length;
  if (size === 0) return top;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= size) break;
    if (child + 1 < size && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= value) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = value;
  return top;
}
