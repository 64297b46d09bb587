/** A token of a piece: code points `[start, end)`. Without `id` it has none, since the file has no unknown token. */
export interface ModelToken {
  readonly id: number | undefined;
  readonly token: string;
  readonly start: number;
  readonly end: number;
}

/** Cuts the code points of one piece into tokens. */
export type Model = (chars: readonly string[]) => readonly ModelToken[];

/** Tokens such as `<0x0A>` for the bytes of a text in UTF-8, where the vocabulary holds all of them. */
export function byteTokens(text: string, vocab: ReadonlyMap<string, number>): { id: number; token: string }[] | undefined {
  const out: { id: number; token: string }[] = [];
  for (const byte of new TextEncoder().encode(text)) {
    const token = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    const id = vocab.get(token);
    if (id === undefined) return undefined;
    out.push({ id, token });
  }
  return out;
}
