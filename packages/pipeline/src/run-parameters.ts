import {
  type Branch,
  type CheckpointStore,
  disposeParams,
  flatten,
  type HostArray,
  hostTree,
  isHostArray,
  type MultiTaskModel,
  type MultiTaskParams,
  mapTree,
  type Params,
  readSafetensors,
  readTree,
  TaskloomError,
  toTensor,
  writeSafetensors,
} from '@taskloom/core';
import { readCheckpoint } from '@taskloom/trainer';
import { z } from 'zod';
import { expectedShapes } from './expected-shapes';
import type { Thresholds } from './model';
import { corrupt, decode, encode } from './run-files';

const infoSchema = z.object({
  step: z.number().int().min(0),
  complete: z.boolean(),
  thresholds: z.record(z.string(), z.array(z.number().min(0).max(1)).max(1_000_000)).optional(),
});

/** The bundle of the parameters that a run keeps. */
const bundle = 'model';
const file = 'parameters.safetensors';

export interface ParametersInfo {
  /** The training step that the parameters are of. */
  readonly step: number;
  /** Whether the training had come to its end. */
  readonly complete: boolean;
  /** Where some were tuned. */
  readonly thresholds?: Thresholds;
}

export interface Kept {
  readonly params: MultiTaskParams;
  readonly buffers: Params;
}

export async function writeParameters(store: CheckpointStore, { params, buffers }: Kept, info: ParametersInfo): Promise<void> {
  const tensors = (await readTree({ params, buffers } as unknown as Params)) as Branch<HostArray>;
  await store.write(bundle, { [file]: writeSafetensors(flatten(tensors)), 'model.json': encode(info) });
}

/**
 * The parameters that a run kept, or, of a training that was cut off, those of its best checkpoint; every name and shape is checked against the
 * model. The caller owns the tensors.
 */
export async function readParameters(store: CheckpointStore, model: MultiTaskModel): Promise<Kept & ParametersInfo> {
  const { params, buffers, info } = (await store.list()).includes(bundle) ? await keptParameters(store) : await checkpointParameters(store);
  const sizes = [...flatten(params).values()].reduce((sum, leaf) => sum + leaf.data.length, 0);
  assertShapes(expectedShapes(model, sizes), params);
  const ownBuffers = model.buffers?.() ?? {};
  const expected = new Map([...flatten(ownBuffers)].map(([path, leaf]) => [path, leaf.shape as readonly number[]]));
  disposeParams(ownBuffers);
  assertShapes(expected, buffers);
  assertThresholds(model, info.thresholds);
  const tensors = (tree: Branch<HostArray>) => mapTree(tree, (leaf) => toTensor(leaf));
  return { params: tensors(params) as unknown as MultiTaskParams, buffers: tensors(buffers) as unknown as Params, ...info };
}

interface HostParameters {
  readonly params: Branch<HostArray>;
  readonly buffers: Branch<HostArray>;
  readonly info: ParametersInfo;
}

async function keptParameters(store: CheckpointStore): Promise<HostParameters> {
  const files = await store.read(bundle);
  const info = infoSchema.safeParse(decode(files, 'model.json'));
  if (!info.success) throw corrupt('model.json', info.error.issues[0]!.message);
  const bytes = Object.hasOwn(files, file) ? files[file] : undefined;
  if (!bytes) throw corrupt(file, 'it is missing');
  const { params, buffers = {} } = hostTree(readSafetensors(bytes).tensors) as { readonly [name: string]: Branch<HostArray> };
  if (!params || isHostArray(params) || isHostArray(buffers)) throw corrupt(file, 'it holds no parameters');
  return { params, buffers, info: info.data };
}

async function checkpointParameters(store: CheckpointStore): Promise<HostParameters> {
  try {
    const { params, buffers, step } = await readCheckpoint(store, 'best');
    return { params, buffers, info: { step, complete: false } };
  } catch (cause) {
    if (TaskloomError.isInstance(cause) && cause.code === 'not_found')
      throw new TaskloomError('not_found', 'The run has no parameters yet.', { remedy: 'Go on with its training: `resume`.', cause });
    if (TaskloomError.isInstance(cause)) throw cause;
    throw corrupt('checkpoint', cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function assertThresholds({ heads }: MultiTaskModel, thresholds: Thresholds = {}): void {
  for (const [task, own] of Object.entries(thresholds)) {
    const { kind, config } = (Object.hasOwn(heads, task) ? heads[task] : undefined) ?? {};
    const decides = kind === 'multiLabel' || (kind === 'classification' && !own.includes(0));
    if (!decides || (config as { readonly labels: readonly string[] }).labels.length !== own.length)
      throw corrupt('model.json', `its thresholds do not fit the labels of '${task}'`);
  }
}

function assertShapes(expected: ReadonlyMap<string, readonly number[]>, found: Branch<HostArray>): void {
  const flat = flatten(found);
  for (const [path, shape] of expected) {
    const leaf = flat.get(path);
    if (!leaf) throw corrupt(file, `'${path}' is missing`);
    if (leaf.dtype !== 'float32' || leaf.shape.join() !== shape.join())
      throw corrupt(file, `'${path}' is ${leaf.dtype} [${leaf.shape}], and the model has float32 [${shape}]`);
  }
  for (const path of flat.keys()) if (!expected.has(path)) throw corrupt(file, `'${path}' is not part of the model`);
}
