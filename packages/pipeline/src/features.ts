import { type Branch, type HostArray, hostArray, type Json, TaskloomError } from '@taskloom/core';
import type { Document } from './document';
import { hashedBags, hashedTokens } from './features-hashed';
import { tokenizerFeatures } from './features-tokenizer';
import { vocabularyFeatures } from './features-vocabulary';
import type { FeaturesConfig, ResolvedConfig } from './schema';

/** One text as integers: a list of ids by input name; for token features, `perToken` ids a token. */
export interface EncodedText {
  /** Length in tokens, cut to `maxTokens`. */
  readonly length: number;
  readonly ids: { readonly [input: string]: Int32Array };
}

/** What the trunk is to take: bags `{ [bag]: [N, L] }`, or tokens `{ ids: [N, T] }` or `{ ids: [N, T, perToken] }`. */
export type InputShape =
  | { readonly kind: 'bags'; readonly sizes: { readonly [bag: string]: number } }
  | { readonly kind: 'tokens'; readonly size: number; readonly perToken?: number };

/** Turns texts into ids. Sizes count padding: ids are smaller than them. */
export interface Features {
  readonly shape: InputShape;
  /** What was learned from the training texts (a vocabulary, a tokeniser's file); with the config it makes the same features again. */
  readonly state: Json;
  encode(document: Document): EncodedText;
}

/** What a kind of features needs to be made: the texts, or the state that an earlier run has stored. */
export interface FeaturesSource {
  readonly documents?: () => Iterable<Document>;
  readonly state?: Json;
  readonly tokenizerFile?: () => Promise<string>;
}

/** The features that a config asks for, fitted to documents or restored from a stored state. */
export async function buildFeatures(config: ResolvedConfig, source: FeaturesSource): Promise<Features> {
  const features: FeaturesConfig = config.features;
  const bags = config.trunk.kind === 'bagOfEmbeddings';
  const wordwise = config.tasks.some((task) => task.head === 'tagging');
  switch (features.kind) {
    case 'hashed':
      if (!features.words && features.characters === false)
        throw new TaskloomError('bad_config', 'Hashed features need words or characters.', { name: 'features.words' });
      return bags ? hashedBags(features) : hashedTokens(features);
    case 'vocabulary':
      return vocabularyFeatures(features, bags, source);
    case 'tokenizer':
      return tokenizerFeatures(features, bags, wordwise, source);
  }
}

/** Lengths that batches are padded to, so that there are few shapes: 8, 16, 32, 48, 64, 96, 128, … */
export function paddedLength(length: number): number {
  if (length <= 8) return 8;
  if (length <= 16) return 16;
  const step = length <= 64 ? 16 : 2 ** Math.floor(Math.log2(length - 1)) / 2;
  return Math.ceil(length / step) * step;
}

/** The trunk's inputs for some rows, padded to `rows` rows and `time` tokens. */
export function padInputs(shape: InputShape, texts: readonly EncodedText[], rows: number, time: number): Branch<HostArray> {
  if (shape.kind === 'bags') {
    return Object.fromEntries(
      Object.keys(shape.sizes).map((bag) => {
        const width = paddedLength(texts.reduce((longest, text) => Math.max(longest, text.ids[bag]!.length), 1));
        return [bag, hostArray(padded(texts, bag, rows, width), [rows, width])];
      }),
    );
  }
  const { perToken } = shape;
  const ids = padded(texts, 'ids', rows, time * (perToken ?? 1));
  return { ids: hostArray(ids, perToken === undefined ? [rows, time] : [rows, time, perToken]) };
}

function padded(texts: readonly EncodedText[], input: string, rows: number, width: number): Int32Array {
  const out = new Int32Array(rows * width);
  for (const [i, text] of texts.entries()) out.set(text.ids[input]!.subarray(0, width), i * width);
  return out;
}
