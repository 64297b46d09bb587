import { type CheckpointStore, type Files, type Json, TaskloomError } from '@taskloom/core';
import { z } from 'zod';
import { resolveConfig } from './config';
import type { Labels } from './labels';
import type { ResolvedConfig } from './schema';

/** The bundle that says what a run is; parameters are in others. JSON only: reading it executes nothing. */
const bundle = 'run';
const format = 1;

/** What a run is made of besides parameters. */
export interface RunDescription {
  readonly config: ResolvedConfig;
  readonly labels: Labels;
  /** What the features have learned, see `Features.state`. */
  readonly features: Json;
  /** Whatever the caller wants to find again, such as where the data lie. */
  readonly origin?: Json;
}

export async function writeRun(store: CheckpointStore, run: RunDescription): Promise<void> {
  await store.write(bundle, {
    'format.json': encode({ format: 'taskloom-run', formatVersion: format }),
    'config.json': encode(run.config),
    'labels.json': encode(run.labels),
    'features.json': encode(run.features),
    ...(run.origin === undefined ? {} : { 'origin.json': encode(run.origin) }),
  });
}

export async function hasRun(store: CheckpointStore): Promise<boolean> {
  return (await store.list()).includes(bundle);
}

/** Reads and checks a run's description. Throws `not_found`, `run_corrupt`, or `run_too_new`. */
export async function readRun(store: CheckpointStore): Promise<RunDescription> {
  if (!(await hasRun(store)))
    throw new TaskloomError('not_found', 'There is no run here.', { name: bundle, remedy: 'Train one first, or check the folder.' });
  const files = await store.read(bundle);
  const { formatVersion } = checked(
    files,
    'format.json',
    z.object({ format: z.literal('taskloom-run'), formatVersion: z.number().int().positive() }),
  );
  if (formatVersion > format)
    throw new TaskloomError('run_too_new', 'This run was written by a later version.', {
      got: formatVersion,
      expected: `at most ${format}`,
      remedy: 'Update taskloom.',
    });
  const config = resolveStored(decode(files, 'config.json'));
  const labels = checked(files, 'labels.json', z.record(z.string(), z.array(z.string()).max(1_000_000)));
  for (const task of config.tasks) if (!Object.hasOwn(labels, task.name)) throw corrupt('labels.json', `no labels for '${task.name}'`);
  return {
    config,
    labels,
    features: decode(files, 'features.json') as Json,
    ...(Object.hasOwn(files, 'origin.json') ? { origin: decode(files, 'origin.json') as Json } : {}),
  };
}

/** What `train` was given as `origin`. */
export async function readOrigin(store: CheckpointStore): Promise<Json | undefined> {
  return (await readRun(store)).origin;
}

function resolveStored(config: unknown): ResolvedConfig {
  try {
    return resolveConfig(config, { file: 'config.json' });
  } catch (cause) {
    throw corrupt('config.json', cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function checked<T>(files: Files, name: string, schema: z.ZodType<T>): T {
  const result = schema.safeParse(decode(files, name));
  if (result.success) return result.data;
  throw corrupt(name, result.error.issues[0]?.message ?? 'not as expected');
}

export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`);
}

export function decode(files: Files, name: string): unknown {
  const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
  if (!bytes) throw corrupt(name, 'it is missing');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corrupt(name, 'it is not JSON', cause);
  }
}

export function corrupt(file: string, what: string, cause?: unknown): TaskloomError {
  return new TaskloomError('run_corrupt', `The run's ${file} cannot be used: ${what}.`, { name: file, cause });
}
