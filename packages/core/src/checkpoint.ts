import type { Tensor } from '@tensorflow/tfjs-core';
import type { CheckpointStore, Files } from './checkpoint-store';
import { TaskloomError } from './error';
import { readTree } from './executor';
import { type Branch, type HostArray, isHostArray, type Json } from './host-array';
import { flatten, mapTree } from './params';
import { hostTree, readSafetensors, writeSafetensors } from './safetensors';

/** What a run needs to go on from a step. */
export interface Checkpoint<Leaf = HostArray> {
  /** How many steps are done. */
  readonly step: number;
  /** Named trees (`params`, `optimizer`, `buffers`, …), one safetensors file each. Branches without leaves are not kept. */
  readonly trees: { readonly [name: string]: Branch<Leaf> };
  /** Everything else, as JSON (samplers, counters, host-side balancers). */
  readonly state?: Json;
  /** How good the model is, for `best`. */
  readonly score?: number;
}

/** A checkpoint as it was read, with the best one known when it was written. */
export interface SavedCheckpoint extends Checkpoint {
  readonly best?: { readonly step: number; readonly score: number };
}

export interface KeepOptions {
  /** How many of the newest to keep. Default 3. */
  readonly keep?: number;
  /** Keep besides the one with the highest or the lowest `score`. Default: none. */
  readonly best?: 'highest' | 'lowest';
}

/** The version that `checkpoint.json` is written with; a newer one is refused. */
const formatVersion = 1;

const prefix = 'checkpoint-';
const description = 'checkpoint.json';

/**
 * Writes a checkpoint as the bundle `checkpoint-<step>`: `checkpoint.json` and `<tree>.safetensors` for each tree (host arrays or tensors; tensors
 * stay the caller's). Then removes those that `keep` and `best` do not hold on to. A kill at any moment leaves a good newest one.
 */
export async function saveCheckpoint(
  store: CheckpointStore,
  checkpoint: Checkpoint<HostArray | Tensor>,
  { keep = 3, best: goal }: KeepOptions = {},
): Promise<void> {
  const { step, state, score } = checkpoint;
  if (!Number.isSafeInteger(step) || step < 0) throw badOption('step', step, 'a whole number ≥ 0');
  if (!Number.isSafeInteger(keep) || keep < 1) throw badOption('keep', keep, 'a whole number ≥ 1');
  const before = goal && (await newestCheckpoint(store))?.best;
  const better = goal && score !== undefined && (!before || (goal === 'highest' ? score > before.score : score < before.score));
  const best = better ? { step, score } : before;
  const json = { formatVersion, step, trees: Object.keys(checkpoint.trees), state, score, best };
  const files: Record<string, Uint8Array> = { [description]: new TextEncoder().encode(JSON.stringify(json, refuseLosses)) };
  for (const [name, tree] of Object.entries(checkpoint.trees)) files[`${name}.safetensors`] = writeSafetensors(flatten(await toHost(tree)));
  await store.write(prefix + step, files);
  const steps = await stepsOf(store);
  const kept = new Set([...steps.slice(0, keep), step, ...(best ? [best.step] : [])]);
  for (const other of steps) if (!kept.has(other)) await store.remove(prefix + other);
}

/** The checkpoint with the highest step that can be read whole, or `undefined` where there is none. Damaged ones are passed over. */
export async function newestCheckpoint(store: CheckpointStore): Promise<SavedCheckpoint | undefined> {
  for (const step of await stepsOf(store)) {
    try {
      return await readCheckpoint(store, step);
    } catch (error) {
      if (!TaskloomError.isInstance(error) || (error.code !== 'file_corrupt' && error.code !== 'not_found')) throw error;
    }
  }
  return undefined;
}

/** The best checkpoint by `score`, as the newest one remembers it, or `undefined` where none was scored. */
export async function bestCheckpoint(store: CheckpointStore): Promise<SavedCheckpoint | undefined> {
  const best = (await newestCheckpoint(store))?.best;
  return best && readCheckpoint(store, best.step);
}

/** The checkpoint of a step. Throws `not_found`, `file_corrupt`, or `unsupported_version` for one written by a later release. */
export async function readCheckpoint(store: CheckpointStore, step: number): Promise<SavedCheckpoint> {
  const name = prefix + step;
  const files = await store.read(name);
  const json = parse(name, files);
  const trees = json.trees.map((tree) => {
    const bytes = Object.hasOwn(files, `${tree}.safetensors`) ? files[`${tree}.safetensors`] : undefined;
    if (!bytes) throw corrupt(name, `has no '${tree}.safetensors'`);
    return [tree, hostTree(readSafetensors(bytes).tensors)] as const;
  });
  return { step, trees: Object.fromEntries(trees), state: json.state, score: json.score, best: json.best };
}

/** The steps of the checkpoints in the store, highest first. */
async function stepsOf(store: CheckpointStore): Promise<number[]> {
  const names = (await store.list()).filter((name) => /^checkpoint-(0|[1-9]\d{0,15})$/.test(name));
  return names.map((name) => Number(name.slice(prefix.length))).sort((a, b) => b - a);
}

interface Description {
  readonly formatVersion: number;
  readonly trees: readonly string[];
  readonly state?: Json;
  readonly score?: number;
  readonly best?: { readonly step: number; readonly score: number };
}

function parse(name: string, files: Files): Description {
  let json: Description;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(files[description])) as Description;
  } catch (cause) {
    throw corrupt(name, `has a ${description} that cannot be read`, cause);
  }
  if (typeof json?.formatVersion !== 'number') throw corrupt(name, 'has no format version');
  if (json.formatVersion > formatVersion)
    throw new TaskloomError('unsupported_version', `'${name}' was written by a later release.`, {
      name,
      expected: `formatVersion ≤ ${formatVersion}`,
      got: json.formatVersion,
      remedy: 'Update @taskloom/core.',
    });
  if (!Array.isArray(json.trees) || json.trees.some((tree) => typeof tree !== 'string')) throw corrupt(name, 'does not list its trees');
  return json;
}

async function toHost(tree: Branch<HostArray | Tensor>): Promise<Branch<HostArray>> {
  const read = (leaf: HostArray | Tensor) => (isHostArray(leaf) ? leaf : (readTree(leaf) as Promise<HostArray>));
  const leaves = await Promise.all([...flatten(tree as Branch<HostArray>)].map(async ([path, leaf]) => [path, await read(leaf)] as const));
  const host = new Map(leaves);
  return mapTree(tree as Branch<HostArray>, (_, path) => host.get(path)!);
}

/** JSON would write NaN and ±∞ as null. */
function refuseLosses(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TaskloomError('bad_option', `JSON cannot hold the number '${key}'.`, {
      name: key,
      got: String(value),
      expected: 'a finite number',
    });
  return value;
}

function corrupt(name: string, what: string, cause?: unknown): TaskloomError {
  return new TaskloomError('file_corrupt', `The checkpoint '${name}' ${what}.`, { name, cause });
}

function badOption(name: string, got: number, expected: string): TaskloomError {
  return new TaskloomError('bad_option', `'${name}' is out of range.`, { name, got: String(got), expected });
}
