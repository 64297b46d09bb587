import type { Model, ModelToken } from './model';

/** WordPiece (Schuster and Nakajima 2012): the longest known beginning, again and again; a word that does not come out is unknown as a whole. */
export function wordPiece(config: { readonly [option: string]: unknown }, vocab: ReadonlyMap<string, number>): Model {
  const unknown = String(config.unk_token ?? '[UNK]');
  const prefix = String(config.continuing_subword_prefix ?? '##');
  const most = Number(config.max_input_chars_per_word ?? 100);
  let longest = 1;
  for (const token of vocab.keys()) longest = Math.max(longest, token.length);

  return (chars) => {
    const tokens: ModelToken[] = [];
    let start = 0;
    while (start < chars.length && chars.length <= most) {
      let found: ModelToken | undefined;
      for (let end = Math.min(chars.length, start + longest); end > start && !found; end--) {
        const token = (start > 0 ? prefix : '') + chars.slice(start, end).join('');
        const id = vocab.get(token);
        if (id !== undefined) found = { id, token, start, end };
      }
      if (!found) break;
      tokens.push(found);
      start = found.end;
    }
    if (start === chars.length) return tokens;
    return [{ id: vocab.get(unknown), token: unknown, start: 0, end: chars.length }];
  };
}
