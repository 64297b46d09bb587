import {
  type Branch,
  type CheckpointStore,
  flatten,
  type Host,
  type HostArray,
  hostTree,
  type Json,
  readSafetensors,
  TaskloomError,
  toLosslessJson,
  writeSafetensors,
} from '@taskloom/core';
import type { EvaluatorState } from './evaluate';
import { averaged } from './fit-state';
import { type Progress, progressOf } from './progress';
import type { StepState } from './step';
import type { TrainingCheckpoint } from './types';

/** What must be as it was for a run to go on. */
export type Setup = { readonly [name: string]: Json };

const formatVersion = 1;

/** `model.safetensors` holds what predicts (averages applied), `training.safetensors` the rest of the state, `progress.json` everything else. */
const files = { model: 'model.safetensors', training: 'training.safetensors', progress: 'progress.json' } as const;

/** The bundle of a step. */
export function checkpointName(step: number): string {
  return `checkpoint-${step}`;
}

/** Steps of the checkpoints in a store, newest first. */
export async function checkpointSteps(store: CheckpointStore): Promise<number[]> {
  const steps = (await store.list()).flatMap((name) => {
    const match = /^checkpoint-(\d+)$/.exec(name);
    return match && checkpointName(Number(match[1])) === name ? [Number(match[1])] : [];
  });
  return steps.sort((a, b) => b - a);
}

export interface Checkpoints {
  /** The newest that is whole; undefined if the store holds none at all. Throws `file_corrupt` if none is whole. */
  newest(): Promise<{ readonly state: Host<StepState>; readonly progress: Progress } | undefined>;
  /** The newest bundle's name. */
  last(): Promise<string | undefined>;
  /** Throws `store_in_use` if there is a checkpoint. */
  assertNone(): Promise<undefined>;
  /** What the best evaluation used; undefined if it is no longer there. */
  modelAt(step: number): Promise<Host<EvaluatorState> | undefined>;
  /** Writes a bundle, then removes those that are neither among the newest `keep` nor the best. Returns its name. */
  save(state: Host<StepState>, progress: Progress): Promise<string>;
}

export function checkpointsIn(store: CheckpointStore, keep: number, setup: Setup): Checkpoints {
  return {
    async newest() {
      const steps = await checkpointSteps(store);
      for (const step of steps) {
        const found = await readIntact(store, step);
        if (!found) continue;
        assertSameSetup(found.setup, setup);
        return { state: found.state as unknown as Host<StepState>, progress: found.progress };
      }
      if (steps.length === 0) return undefined;
      throw new TaskloomError('file_corrupt', `No checkpoint of the store is whole: ${steps.map(checkpointName).join(', ')}.`, {
        name: 'store',
        remedy: 'Bring back a copy of one of them, or train anew in another store.',
      });
    },
    async last() {
      const [step] = await checkpointSteps(store);
      return step === undefined ? undefined : checkpointName(step);
    },
    async assertNone() {
      const [step] = await checkpointSteps(store);
      if (step === undefined) return undefined;
      throw new TaskloomError('store_in_use', `The store holds checkpoints of another run, the newest of step ${step}.`, {
        name: 'store',
        remedy: 'Go on with that run by { resume: true }, or give the new one a store of its own.',
      });
    },
    async modelAt(step) {
      if (!(await checkpointSteps(store)).includes(step)) return undefined;
      const found = await readIntact(store, step);
      return found && (found.model as unknown as Host<EvaluatorState>);
    },
    async save(state, progress) {
      const name = checkpointName(progress.step);
      await store.write(name, encode(state, progress, setup));
      const steps = await checkpointSteps(store);
      for (const step of steps.slice(keep)) if (step !== progress.stopping.best?.step) await store.remove(checkpointName(step));
      return name;
    },
  };
}

/**
 * A checkpoint of `fit` on the host: the newest, the one of the best evaluation, or that of a step. Throws `not_found` if there is none.
 */
export async function readCheckpoint(store: CheckpointStore, which: 'newest' | 'best' | number = 'best'): Promise<TrainingCheckpoint> {
  const steps = await checkpointSteps(store);
  const [newest] = steps;
  if (newest === undefined)
    throw new TaskloomError('not_found', 'The store holds no checkpoint.', { name: 'store', remedy: 'Train with fit({ store }) first.' });
  const last = decode(await store.read(checkpointName(typeof which === 'number' ? which : newest)));
  const best = last.progress.stopping.best?.step;
  const { model, state, progress } =
    which === 'best' && best !== undefined && best !== newest && steps.includes(best)
      ? decode(await store.read(checkpointName(best)))
      : last;
  return {
    step: progress.step,
    params: model.params as Branch<HostArray>,
    buffers: model.buffers as Branch<HostArray>,
    state,
    progress: toLosslessJson(progress),
  };
}

/** Undefined if the files are damaged, so that an older checkpoint can be taken. */
async function readIntact(store: CheckpointStore, step: number) {
  try {
    const found = decode(await store.read(checkpointName(step)));
    return found.progress.step === step ? found : undefined;
  } catch (error) {
    if (TaskloomError.isInstance(error) && error.code === 'file_corrupt') return undefined;
    throw error;
  }
}

function encode(state: Host<StepState>, progress: Progress, setup: Setup): { [name: string]: Uint8Array } {
  const { params, buffers } = averaged(state) as unknown as { params: Branch<HostArray>; buffers: Branch<HostArray> };
  const { optimizer, balancing, ema, tables } = state as unknown as { [name: string]: Branch<HostArray> };
  const rest: Record<string, Branch<HostArray>> = { optimizer: optimizer!, balancing: balancing!, ema: ema! };
  if (Object.keys(tables!).length > 0) rest.tables = tables!;
  if (Object.keys(ema!).length > 0) rest.params = state.params as unknown as Branch<HostArray>;
  return {
    [files.model]: writeSafetensors(flatten<HostArray>({ params, buffers })),
    [files.training]: writeSafetensors(flatten<HostArray>(rest)),
    [files.progress]: new TextEncoder().encode(JSON.stringify({ formatVersion, setup, progress: toLosslessJson(progress) })),
  };
}

function decode(bundle: { readonly [name: string]: Uint8Array }) {
  const [model, training, text] = [bundle[files.model], bundle[files.training], bundle[files.progress]];
  if (!model || !training || !text)
    throw new TaskloomError('file_corrupt', 'A checkpoint lacks a file.', { expected: Object.values(files), got: Object.keys(bundle) });
  const json = parsed(text);
  if (json.formatVersion !== formatVersion)
    throw new TaskloomError('format_version', 'The checkpoint was written by another version.', {
      expected: formatVersion,
      got: json.formatVersion,
      remedy: 'Read it with the version of Taskloom that wrote it.',
    });
  // Empty branches are not in the files.
  const { params, buffers = {} } = hostTree(readSafetensors(model).tensors) as { [name: string]: Branch<HostArray> };
  if (!params) throw new TaskloomError('file_corrupt', `'${files.model}' holds no parameters.`, { name: files.model });
  const {
    optimizer = {},
    balancing = {},
    ema = {},
    tables = {},
    params: raw = params,
  } = hostTree(readSafetensors(training).tensors) as { [name: string]: Branch<HostArray> };
  return {
    model: { params, buffers },
    state: { params: raw as Branch<HostArray>, buffers, optimizer, balancing, ema, tables },
    progress: progressOf(json.progress, files.progress),
    setup: json.setup,
  };
}

function parsed(text: Uint8Array): { formatVersion: Json; setup: Setup; progress: Json } {
  let cause: unknown;
  try {
    const json: { formatVersion: Json; setup: Setup; progress: Json } | null = JSON.parse(new TextDecoder().decode(text));
    if (typeof json?.setup === 'object' && json.setup !== null) return json;
  } catch (error) {
    cause = error;
  }
  throw new TaskloomError('file_corrupt', `'${files.progress}' is not a JSON object with a setup.`, { name: files.progress, cause });
}

function assertSameSetup(saved: Setup, now: Setup): void {
  for (const [name, value] of Object.entries(now)) {
    if (JSON.stringify(saved[name]) === JSON.stringify(value)) continue;
    throw new TaskloomError('config_changed', `The checkpoint was made with another '${name}'.`, {
      name,
      expected: saved[name],
      got: value,
      remedy: 'Go on with the old setting, or train anew in another store.',
    });
  }
}
