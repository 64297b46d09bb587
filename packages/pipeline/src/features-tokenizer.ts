import { type Json, TaskloomError } from '@taskloom/core';
import { type SubwordTokenizer, tokenizer } from '@taskloom/text';
import type { Document } from './document';
import type { Features, FeaturesSource } from './features';
import type { FeaturesConfig } from './schema';

type Config = Extract<FeaturesConfig, { kind: 'tokenizer' }>;

/** Subwords of a `tokenizer.json`: in running text, or up to `perToken` for each word where a task tags words. */
export async function tokenizerFeatures(config: Config, bags: boolean, wordwise: boolean, source: FeaturesSource): Promise<Features> {
  const subwords = await subwordsOf(config, source);
  const size = subwords.maximum + 1;
  const inText = ({ text }: Document) => subwords.encode(text).ids.slice(0, config.maxTokens);
  const inWords = (document: Document) => {
    const words = document.words.slice(0, config.maxTokens);
    const { ids, words: owners } = subwords.encodeWords(words);
    const out = new Int32Array(words.length * config.perToken);
    const filled = new Int32Array(words.length);
    for (let i = 0; i < ids.length; i++) {
      const word = owners[i]!;
      if (filled[word]! < config.perToken) out[word * config.perToken + filled[word]!++] = ids[i]!;
    }
    return { length: words.length, ids: { ids: out } };
  };
  return {
    shape: bags ? { bags: { ids: size } } : { tokens: { size, ...(wordwise ? { perToken: config.perToken } : {}) } },
    state: subwords.config,
    encode(document) {
      if (wordwise && !bags) return inWords(document);
      const ids = inText(document);
      return { length: ids.length, ids: { ids } };
    },
  };
}

/** The tokeniser stored with a run, or else read from its file. */
export async function subwordsOf(config: Config, source: Pick<FeaturesSource, 'state' | 'text'>): Promise<SubwordTokenizer> {
  return tokenizer(source.state ?? parse(await readFile(config, source), config.file));
}

async function readFile(config: Config, { text }: Pick<FeaturesSource, 'text'>): Promise<string> {
  if (text) return text(config.file);
  throw new TaskloomError('not_found', `'${config.file}' cannot be read here.`, {
    name: 'features.file',
    remedy: 'Give the data provider a `text` function.',
  });
}

function parse(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new TaskloomError('tokenizer_invalid', `'${file}' is not JSON.`, { name: file, cause });
  }
}
