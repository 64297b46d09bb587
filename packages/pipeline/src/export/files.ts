import { type Files, type Json, TaskloomError } from '@taskloom/core';
import { z } from 'zod';
import { resolveConfig } from '../config';
import { buildFeatures, type Features, featuresByForm, lengthFeatures, stateOf } from '../features';
import type { Labels } from '../labels';
import { decode, encode } from '../run-files';
import type { FeaturesConfig, ResolvedConfig } from '../schema';
import { featuresSpec } from './features-spec';

/** How numbers are stored in an exported model. */
export type Precision = 'fp32' | 'fp16' | 'int8';
export const precisions: readonly Precision[] = ['fp32', 'fp16', 'int8'];

/** The file of a model by its precision, in the order in which a folder is searched. */
export const modelFiles: { readonly [precision in Precision]: string } = {
  fp32: 'model.onnx',
  fp16: 'model.fp16.onnx',
  int8: 'model.int8.onnx',
};

/** Key of the metadata that says which files belong to a model, by their hashes. */
export const filesKey = 'taskloom.files';

/** What stands beside an exported model, and is needed to ask it about texts. */
export interface ExportedParts {
  readonly config: ResolvedConfig;
  readonly labels: Labels;
  readonly features: Features;
}

/** `config.json`, `labels.json`, `features.json`, and `tokenizer.json` where there is one. */
export function writeParts({ config, labels, features }: ExportedParts): Files {
  return {
    'config.json': encode(config),
    'labels.json': encode(labels),
    'features.json': encode(featuresSpec(config, features)),
    // A bag beside tokens has no tokeniser.
    ...(lengthFeatures(config).kind === 'tokenizer' ? { 'tokenizer.json': encode(stateOf(config, features.state, 'tokens')) } : {}),
  };
}

/** Hashes of files, for a model's metadata. */
export async function hashesOf(files: Files): Promise<{ readonly [file: string]: string }> {
  const hashes = Object.entries(files).map(async ([name, bytes]) => [name, await sha256(bytes)] as const);
  return Object.fromEntries(await Promise.all(hashes));
}

/** Reads what `writeParts` wrote; `metadata` are those of the model. Throws `file_corrupt`, also where the files are of another model. */
export async function readParts(files: Files, metadata: { readonly [key: string]: string }): Promise<ExportedParts> {
  const listed = parsed(z.record(z.string(), z.string()), metadata[filesKey]);
  if (!listed)
    throw new TaskloomError('file_corrupt', 'The model was not exported by taskloom: its metadata name no files.', { name: filesKey });
  for (const [name, hash] of Object.entries(listed)) {
    const bytes = Object.hasOwn(files, name) ? files[name]! : undefined;
    if (!bytes)
      throw new TaskloomError('not_found', `'${name}' is missing beside the model.`, {
        name,
        remedy: 'Keep the files of an export together.',
      });
    if ((await sha256(bytes)) !== hash)
      throw new TaskloomError('file_corrupt', `'${name}' is not the one that the model was exported with.`, {
        name,
        remedy: 'Export the run again.',
      });
  }
  const config = resolveConfig(decode(files, 'config.json'), { file: 'config.json' });
  const labels = z.record(z.string(), z.array(z.string())).parse(decode(files, 'labels.json'));
  return { config, labels, features: await buildFeatures(config, { state: stateFrom(config, files) }) };
}

/** What the features have learned, out of the files that say it. */
function stateFrom(config: ResolvedConfig, files: Files): Json {
  const { bags, tokens } = featuresByForm(config);
  const stateIn = ({ kind }: FeaturesConfig, spec: unknown): Json => {
    if (kind === 'hashed') return null;
    if (kind === 'tokenizer') return decode(files, 'tokenizer.json') as Json;
    return { kind: 'vocabulary', version: 1, tokens: z.object({ tokens: z.array(z.string()) }).parse(spec).tokens };
  };
  const spec = decode(files, 'features.json') as { readonly bags?: unknown; readonly tokens?: unknown };
  return bags && tokens ? { bags: stateIn(bags, spec.bags), tokens: stateIn(tokens, spec.tokens) } : stateIn((bags ?? tokens)!, spec);
}

function parsed<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
