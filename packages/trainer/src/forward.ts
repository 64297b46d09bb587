import {
  type Encoding,
  flatten,
  type ModelParts,
  type Module,
  type MultiTaskModel,
  type MultiTaskParams,
  type Params,
  type Random,
  run,
  type TaskRows,
  type Tree,
  unflatten,
} from '@taskloom/core';
import { add, type Scalar, scalar, stack, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';

/** A batch as the compiled step gets it. */
export interface TensorBatch {
  readonly inputs: Tree<Tensor>;
  readonly tasks: { readonly [task: string]: TaskRows };
}

export interface Forward {
  /** float32 [tasks], in the order of `tasks`; 0 for a task without a labelled row. */
  readonly losses: Tensor1D;
  /** The sum of the losses that modules added by `context.loss` (router balance), or none. */
  readonly auxiliary: Scalar | undefined;
  /** The buffers that the pass has changed, by their place in the tree. */
  readonly changed: Params;
}

/** One training pass: the trunk over all rows, the heads and losses of `tasks`. */
export function forward(
  model: MultiTaskModel,
  params: MultiTaskParams,
  buffers: Params,
  batch: TensorBatch,
  random: Random,
  tasks: readonly string[],
): Forward {
  const { output, losses, buffers: after } = run(model, params, modelInput(batch, tasks), { training: true, random, buffers });
  const before = flatten(buffers);
  return {
    losses: lossesOf(model, output, batch, tasks),
    auxiliary: auxiliaryOf(losses),
    changed: unflatten([...flatten(after)].filter(([path, leaf]) => before.get(path) !== leaf)),
  };
}

/** Half a training pass, and the buffers after it. */
export interface Half {
  readonly auxiliary: Scalar | undefined;
  readonly buffers: Params;
}

/** The first half: the representation that all tasks read. */
export function forwardFeatures(
  model: MultiTaskModel,
  parts: ModelParts,
  params: MultiTaskParams,
  buffers: Params,
  batch: TensorBatch,
  random: Random,
): Half & { readonly features: Encoding } {
  const half: Module<Tree<Tensor>, Encoding, MultiTaskParams> = {
    config: null,
    init: (stream) => model.init(stream),
    apply: (p, inputs, context) => parts.features(p, inputs, context),
  };
  const { output, losses, buffers: after } = run(half, params, batch.inputs, { training: true, random, buffers });
  return { features: output, auxiliary: auxiliaryOf(losses), buffers: after };
}

/** The second half: the heads and losses of `tasks`. */
export function forwardHeads(
  model: MultiTaskModel,
  parts: ModelParts,
  params: MultiTaskParams,
  features: Encoding,
  buffers: Params,
  batch: TensorBatch,
  random: Random,
  tasks: readonly string[],
): Half & { readonly losses: Tensor1D } {
  const half: Module<Encoding, { readonly [task: string]: Tensor }, MultiTaskParams> = {
    config: null,
    init: (stream) => model.init(stream),
    apply: (p, encoding, context) => parts.heads(p, encoding, modelInput(batch, tasks).tasks, context),
  };
  const { output, losses, buffers: after } = run(half, params, features, { training: true, random, buffers });
  return { losses: lossesOf(model, output, batch, tasks), auxiliary: auxiliaryOf(losses), buffers: after };
}

function lossesOf(
  model: MultiTaskModel,
  output: { readonly [task: string]: Tensor },
  batch: TensorBatch,
  tasks: readonly string[],
): Tensor1D {
  return stack(
    tasks.map((task) => model.heads[task]!.loss(output[task]!, batch.tasks[task]!.target, batch.tasks[task]!.weight)),
  ) as Tensor1D;
}

/** The sum of the losses that modules have added, or none. */
function auxiliaryOf(losses: { readonly [path: string]: Scalar }): Scalar | undefined {
  const [first, ...others] = Object.keys(losses)
    .sort()
    .map((path) => losses[path]!);
  return first && others.reduce((a, b) => add(a, b) as Scalar, first);
}

/** What the model reads of a batch. */
export function modelInput(batch: TensorBatch, tasks: readonly string[]) {
  return {
    inputs: batch.inputs,
    tasks: Object.fromEntries(
      tasks.map((task) => {
        const { index, pair } = batch.tasks[task]!;
        return [task, { index, ...(pair ? { pair } : {}) }];
      }),
    ),
  };
}

export const zero = (): Scalar => scalar(0);
