import { addedTokens } from './added-tokens';
import { type AlignedText, alignedText } from './aligned-text';
import { isSpace } from './characters';
import { model } from './models';
import { normalizer } from './normalizers';
import { postProcessor } from './post-processors';
import { preTokenizer } from './pre-tokenizers';

/** A token of an encoded text: its stretch `[start, end)` of text 0 or 1 in UTF-16 units; −1 and an empty stretch for a token that the post-processor adds. */
export interface RawToken {
  /** The file's id; undefined where the file has no token for what is unknown. */
  readonly id: number | undefined;
  readonly token: string;
  readonly start: number;
  readonly end: number;
  readonly sequence: -1 | 0 | 1;
}

export type Encoder = (text: string, pair?: string, special?: boolean) => RawToken[];

/**
 * Runs the encoding half of a tokenizer.json: added tokens, normaliser, pre-tokeniser, model and post-processor, in the order and with the offsets of the
 * `tokenizers` library. Throws for parts that it does not know.
 */
export function encoder(config: Readonly<Record<string, unknown>>): Encoder {
  const normalize = normalizer(config.normalizer);
  const sections = addedTokens(config.added_tokens, normalize);
  const cut = preTokenizer(config.pre_tokenizer);
  const encodePiece = model(config.model);
  const { single, pair: pairParts, trim } = postProcessor(config.post_processor);

  function encodeText(text: string, sequence: 0 | 1): RawToken[] {
    const out: RawToken[] = [];
    const put = (part: AlignedText, id: number | undefined, token: string, from: number, to: number) =>
      out.push({ id, token, start: part.starts[from] ?? part.shift, end: part.ends[to - 1] ?? part.shift, sequence });
    for (const { text: section, id } of sections(alignedText(text))) {
      if (id !== undefined) put(section, id, section.chars.join(''), 0, section.chars.length);
      else
        for (const part of cut(section))
          if (part.chars.length > 0) for (const { id, token, start, end } of encodePiece(part.chars)) put(part, id, token, start, end);
    }
    return trim ? out.map((token, i) => trimmed(token, trim.prefix && (i === 0 || token.start === 0), text)) : out;
  }

  return (text, pair, special = true) => {
    const texts = [encodeText(text, 0), pair === undefined ? [] : encodeText(pair, 1)];
    if (!special) return texts.flat();
    return (pair === undefined ? single : pairParts).flatMap((part): RawToken[] =>
      'sequence' in part ? texts[part.sequence]! : [{ ...part, start: 0, end: 0, sequence: -1 }],
    );
  };
}

const byteSpace = 'Ġ';

/** Without the spaces that a byte-level token begins and ends with. At the start of the text (`first`) a space may be one that was put there: nothing is taken away. */
function trimmed(given: RawToken, first: boolean, text: string): RawToken {
  const chars = [...given.token];
  const outside = (char: string) => char === byteSpace || isSpace(char);
  let leading = 0;
  while (leading < chars.length && outside(chars[leading]!)) leading++;
  const start = first ? given.start : Math.min(given.start + leading, given.end);
  let end = given.end;
  for (let i = chars.length - 1; i >= 0 && outside(chars[i]!) && end > start; i--) end -= text.codePointAt(end - 2)! > 0xffff ? 2 : 1;
  return { ...given, start, end: Math.max(end, start) };
}
