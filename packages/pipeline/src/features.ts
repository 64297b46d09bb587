import { type Branch, type HostArray, hostArray, type Json, TaskloomError } from '@taskloom/core';
import type { Document } from './document';
import { hashedBags, hashedTokens } from './features-hashed';
import { tokenizerFeatures } from './features-tokenizer';
import { vocabularyFeatures } from './features-vocabulary';
import { type BagEncoder, encodersOf, type FeaturesConfig, namedBags, type ResolvedConfig, readsBags } from './schema';

/** One text as integers: a list of ids by input name; for token features, `perToken` ids a token. */
export interface EncodedText {
  /** Length in tokens, cut to `maxTokens`. */
  readonly length: number;
  readonly ids: { readonly [input: string]: Int32Array };
}

/** Rows of the table of each bag. */
export type Bags = { readonly [bag: string]: number };

/** What the trunk is to take: bags `{ [bag]: [N, L] }`, tokens `{ ids: [N, T] }` or `{ ids: [N, T, perToken] }`, or both. */
export interface InputShape {
  readonly bags?: Bags;
  /** Rows of the table of tokens, and how many ids a token has. */
  readonly tokens?: { readonly size: number; readonly perToken?: number };
}

/** The trunk's inputs by name, with what their axes are called; a number is the size of an axis. */
export function inputsOf({ bags = {}, tokens }: InputShape): { readonly [input: string]: readonly (string | number)[] } {
  return {
    ...Object.fromEntries(Object.keys(bags).map((bag) => [bag, ['texts', `${bag}_length`]])),
    ...(tokens && { ids: ['texts', 'time', ...(tokens.perToken === undefined ? [] : [tokens.perToken])] }),
  };
}

/** Turns texts into ids. Sizes count padding: ids are smaller than them. */
export interface Features {
  readonly shape: InputShape;
  /** What was learned from the training texts (a vocabulary, a tokeniser's file); with the config it makes the same features again. */
  readonly state: Json;
  encode(document: Document): EncodedText;
  /** Where embeddings start, if not at random: rows of the table that reads an input. There when the features were fitted. */
  readonly vectors?: readonly { readonly input: string; readonly width: number; readonly rows: ReadonlyMap<number, Float32Array> }[];
}

/** What a kind of features needs to be made: the texts, or the state that an earlier run has stored. */
export interface FeaturesSource {
  readonly documents?: () => Iterable<Document>;
  readonly state?: Json;
  /** Reads a file that the config names. */
  readonly text?: (file: string) => Promise<string>;
}

/** The features of a trunk by what they are for: bags, tokens, or both where it joins such parts. */
export function featuresByForm({ features, tokenFeatures = features, trunk }: FeaturesParts): {
  bags?: FeaturesConfig;
  tokens?: FeaturesConfig;
} {
  const bags = encodersOf(trunk).some(({ encoder }) => readsBags(encoder));
  const tokens = encodersOf(trunk).some(({ encoder }) => !readsBags(encoder));
  return { ...(bags ? { bags: features } : {}), ...(tokens ? { tokens: tokenFeatures } : {}) };
}

/** The features that say how far a text is read: those of tokens, where there are any. */
export function lengthFeatures(config: FeaturesParts): FeaturesConfig {
  const { bags, tokens } = featuresByForm(config);
  return (tokens ?? bags)!;
}

/** The bags that an encoder reads, with the rows of their tables: those that it names, or all. */
export function bagsRead(encoder: Pick<BagEncoder, 'bags'>, all: Bags): Bags {
  return encoder.bags ? Object.fromEntries(namedBags(encoder).map((name) => [name, all[name]!])) : all;
}

/** A config's encoders and what they read, for people: `textCNN over hashed features`. */
export function encoderText(config: FeaturesParts): string {
  const { bags, tokens } = featuresByForm(config);
  return encodersOf(config.trunk)
    .map(({ encoder }) => `${encoder.kind} over ${(readsBags(encoder) ? bags : tokens)!.kind} features`)
    .join(', ');
}

type FeaturesParts = Pick<ResolvedConfig, 'features' | 'tokenFeatures' | 'trunk'>;

/** The features that a config asks for, fitted to documents or restored from a stored state. */
export async function buildFeatures(config: ResolvedConfig, source: FeaturesSource): Promise<Features> {
  const { bags, tokens } = featuresByForm(config);
  const wordwise = config.tasks.some((task) => task.head === 'tagging');
  if (!bags || !tokens) return featuresOf((bags ?? tokens)!, !!bags, wordwise, source);
  return besideEachOther(
    await featuresOf(bags, true, false, { ...source, state: stateOf(config, source.state, 'bags') }),
    await featuresOf(tokens, false, false, { ...source, state: stateOf(config, source.state, 'tokens') }),
  );
}

/** What the features of one form have learned, out of what all have. */
export function stateOf(config: FeaturesParts, both: Json | undefined, form: 'bags' | 'tokens'): Json | undefined {
  const { bags, tokens } = featuresByForm(config);
  if (both === undefined || !bags || !tokens) return both;
  return typeof both === 'object' && both !== null && Object.hasOwn(both, form) ? (both as { readonly [form: string]: Json })[form]! : null;
}

/** Bags and tokens of the same texts. */
function besideEachOther(bags: Features, tokens: Features): Features {
  return {
    shape: { ...bags.shape, ...tokens.shape },
    state: { bags: bags.state, tokens: tokens.state },
    vectors: [...(bags.vectors ?? []), ...(tokens.vectors ?? [])],
    encode(document) {
      const { length, ids } = tokens.encode(document);
      return { length, ids: { ...bags.encode(document).ids, ...ids } };
    },
  };
}

async function featuresOf(features: FeaturesConfig, bags: boolean, wordwise: boolean, source: FeaturesSource): Promise<Features> {
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
  const lengthOf = (axis: string | number, input: string) => {
    if (typeof axis === 'number') return axis;
    return axis === 'time' ? time : paddedLength(texts.reduce((longest, text) => Math.max(longest, text.ids[input]!.length), 1));
  };
  return Object.fromEntries(
    Object.entries(inputsOf(shape)).map(([input, [, ...axes]]) => {
      const sizes = axes.map((axis) => lengthOf(axis, input));
      const width = sizes.reduce((a, b) => a * b);
      return [input, hostArray(padded(texts, input, rows, width), [rows, ...sizes])];
    }),
  );
}

function padded(texts: readonly EncodedText[], input: string, rows: number, width: number): Int32Array {
  const out = new Int32Array(rows * width);
  for (const [i, text] of texts.entries()) out.set(text.ids[input]!.subarray(0, width), i * width);
  return out;
}
