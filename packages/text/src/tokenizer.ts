import { Tokenizer } from '@huggingface/tokenizers';
import { type Json, TaskloomError } from '@taskloom/core/host';
import { encoder } from './subwords/encoder';
import { tokenOffsets } from './subwords/offsets';
import { checkTokenizer } from './tokenizer-check';

export interface Encoded {
  /** The file's ids plus 1: 0 stays padding. */
  readonly ids: Int32Array;
  readonly tokens: string[];
  /**
   * `[start₀, end₀, …]`: where each token stands in the text as it was given, in UTF-16 units, whatever the normaliser made of it. White space around a token is
   * left out, combining marks behind it are taken in; the tokens of one character (of its bytes) share its stretch. Tokens that the post-processor adds have an empty one.
   */
  readonly offsets: Int32Array;
  /** Per token 0 for the text, 1 for `pair`, −1 for what the post-processor adds. `offsets` are in the text named here. */
  readonly sequences: Int32Array;
}

/** `offsets` are in each token's own word here. */
export interface EncodedWords extends Encoded {
  /** Per token the word it belongs to, −1 for special tokens. */
  readonly words: Int32Array;
}

export interface EncodeOptions {
  /** A second text, joined as the file's post-processor says. */
  readonly pair?: string;
  /** Whether the post-processor adds its special tokens (`[CLS]`, `[SEP]`, …). @default true */
  readonly special?: boolean;
}

/** A trained tokeniser of any family: WordPiece, byte-level BPE, Unigram. */
export interface SubwordTokenizer {
  /** The tokenizer.json it was made from. */
  readonly config: Json;
  /** Largest id it can give, after the shift by 1. */
  readonly maximum: number;
  /** Ids of the file's special tokens by their text, shifted. */
  readonly specials: ReadonlyMap<string, number>;
  encode(text: string, options?: EncodeOptions): Encoded;
  /** Encodes words one by one, without special tokens, so that tags of words can be carried to tokens. From the second word on a space stands before each, as in running text. */
  encodeWords(words: readonly string[]): EncodedWords;
  /** The text of ids; padding and special tokens are left out. */
  decode(ids: ArrayLike<number>): string;
}

/**
 * Runs a Hugging Face `tokenizer.json` (as text or parsed): ids and offsets are those of the native `tokenizers` library. **Ids are the file's plus 1**, since 0 is padding everywhere in Taskloom.
 * The file's own truncation and padding are not applied: `padIds` pads. Throws `tokenizer_invalid` for what is no usable tokenizer.json.
 */
export function tokenizer(json: unknown): SubwordTokenizer {
  const { config, maximum, specials } = checkTokenizer(json);
  const file = config as Readonly<Record<string, unknown>>;
  const run = guard('tokenizer_invalid', 'The tokenizer.json cannot be used', () => {
    new Tokenizer({ ...file, ...withoutModel }, {}); // knows the decoder
    return encoder(file);
  });
  let decoder: Tokenizer | undefined;

  function encode(text: string, { pair, special = true }: EncodeOptions = {}): Encoded {
    return guard('tokenizer_failed', 'The tokeniser failed on a text', () => {
      const made = run(text, pair, special);
      return {
        ids: Int32Array.from(made, ({ id, token }) => shifted(id, token, maximum)),
        tokens: made.map(({ token }) => token),
        offsets: tokenOffsets(made, [text, pair ?? '']),
        sequences: Int32Array.from(made, ({ sequence }) => sequence),
      };
    });
  }

  return {
    config,
    maximum,
    specials,
    encode,
    encodeWords(words) {
      const ids: number[] = [];
      const tokens: string[] = [];
      const offsets: number[] = [];
      const owners: number[] = [];
      words.forEach((word, index) => {
        const space = index === 0 ? 0 : 1;
        const part = encode(space ? ` ${word}` : word, { special: false });
        for (const offset of part.offsets) offsets.push(Math.max(0, offset - space));
        for (let i = 0; i < part.ids.length; i++) {
          ids.push(part.ids[i]!);
          tokens.push(part.tokens[i]!);
          owners.push(index);
        }
      });
      return {
        ids: Int32Array.from(ids),
        tokens,
        offsets: Int32Array.from(offsets),
        sequences: new Int32Array(ids.length),
        words: Int32Array.from(owners),
      };
    },
    decode(ids) {
      const own = Array.from(ids, (id) => id - 1).filter((id) => id >= 0);
      return own.length === 0
        ? ''
        : guard('tokenizer_failed', 'The tokeniser failed on ids', () => {
            decoder ??= new Tokenizer({ ...file, normalizer: null, pre_tokenizer: null, post_processor: null }, {});
            return decoder.decode(own, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
          });
    },
  };
}

/** What a decoder can be made without. */
const withoutModel = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  model: { type: 'WordPiece', vocab: { '[UNK]': 0 }, unk_token: '[UNK]' },
};

function shifted(id: unknown, token: string | undefined, maximum: number): number {
  if (Number.isInteger(id) && (id as number) >= 0 && (id as number) < maximum) return (id as number) + 1;
  throw new TaskloomError('tokenizer_failed', `The tokeniser has no id for '${token}'.`, {
    name: token,
    remedy: 'The tokenizer.json lacks an unknown token for what is not in its vocabulary.',
  });
}

function guard<T>(code: string, message: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (TaskloomError.isInstance(error)) throw error;
    throw new TaskloomError(code, `${message}: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
  }
}
