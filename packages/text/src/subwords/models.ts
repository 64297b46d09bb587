import { bytePair } from './byte-pair';
import type { Model } from './model';
import { unigram } from './unigram';
import { wordPiece } from './word-piece';

/** Pieces a cache holds before it starts anew. */
const cacheSize = 1 << 15;

/** The `model` of a tokenizer.json, with a memory for short pieces. Throws for a type that it does not know. */
export function model(section: unknown): Model {
  const encode = modelOf(section);
  const cache = new Map<string, ReturnType<Model>>();
  return (chars) => {
    if (chars.length > 32) return encode(chars);
    const text = chars.join('');
    let tokens = cache.get(text);
    if (!tokens) {
      if (cache.size >= cacheSize) cache.clear();
      tokens = encode(chars);
      cache.set(text, tokens);
    }
    return tokens;
  };
}

function modelOf(section: unknown): Model {
  const config = section as { readonly type?: string; readonly vocab: unknown; readonly [option: string]: unknown };
  if (Array.isArray(config.vocab)) return unigram(config, config.vocab as readonly (readonly [string, number])[]);
  const vocab = new Map(Object.entries(config.vocab as Readonly<Record<string, number>>));
  switch (config.type ?? guessed(config)) {
    case 'WordPiece':
      return wordPiece(config, vocab);
    case 'BPE':
      return bytePair(config, vocab);
    case 'WordLevel':
      return (chars) => {
        const word = chars.join('');
        const token = vocab.has(word) ? word : String(config.unk_token ?? '<unk>');
        return [{ id: vocab.get(token), token, start: 0, end: chars.length }];
      };
    default:
      throw new Error(`the model '${config.type}' is not known`);
  }
}

/** Old files do not name the type. */
function guessed(config: { readonly [option: string]: unknown }): string {
  return config.merges ? 'BPE' : config.continuing_subword_prefix === undefined ? 'WordLevel' : 'WordPiece';
}
